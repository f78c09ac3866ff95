// What a bucket holds, under the pointer. Everything else on this page works without this.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  document.body.append(tip);
  for (const chart of document.querySelectorAll("[data-tips]")) {
    const tips = JSON.parse(chart.dataset.tips);
    const svg = chart.querySelector("svg");
    const cursor = svg.querySelector(".cursor");
    const hide = () => { tip.style.display = "none"; cursor.style.visibility = "hidden"; };
    chart.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const bucket = Math.floor((event.clientX - box.left) / box.width * tips.length);
      if (bucket < 0 || bucket >= tips.length) return hide();
      tip.textContent = tips[bucket];
      tip.style.display = "block";
      const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 6);
      tip.style.left = Math.max(6, left) + "px";
      tip.style.top = Math.max(6, event.clientY - tip.offsetHeight - 12) + "px";
      cursor.setAttribute("x1", bucket + 0.5);
      cursor.setAttribute("x2", bucket + 0.5);
      cursor.style.visibility = "visible";
    });
    chart.addEventListener("pointerleave", hide);
  }
})();
