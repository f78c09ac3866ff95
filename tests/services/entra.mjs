// A token endpoint of Entra ID for the tests, over TLS: `node entra.mjs CERTIFICATE KEY LOG`. Says "listening PORT".
// It gives tokens, unsigned, that Azurite takes, to the one application, federated token and managed identity that it
// knows, and writes the grant of each request into LOG. `node entra.mjs az` prints what `az account get-access-token` does.
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:https";

const TENANT = "tenant-1";
const APPLICATION = "application-1";
const SECRET = "the client secret of the tests";
const FEDERATED = "the federated token of the tests";
const IDENTITY_HEADER = "the header of the managed identity";
const LIFETIME_SECONDS = 3600;

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function token() {
  const now = Math.floor(Date.now() / 1000);
  const claims = { aud: "https://storage.azure.com", iss: `https://sts.windows.net/${TENANT}/`, iat: now, nbf: now - 60, exp: now + LIFETIME_SECONDS };
  return { text: `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`, expires: claims.exp };
}

function refused(response, status, description) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: "invalid_client", error_description: description, error_codes: [7000215] }));
}

function grant(url, headers, form) {
  if (url.pathname === "/msi") {
    const known = headers["x-identity-header"] === IDENTITY_HEADER && url.searchParams.get("resource") === "https://storage.azure.com";
    return known ? "managed" : null;
  }
  if (url.pathname !== `/${TENANT}/oauth2/v2.0/token` || form.get("client_id") !== APPLICATION) return null;
  if (form.get("scope") !== "https://storage.azure.com/.default") return null;
  if (form.get("client_secret") === SECRET) return "secret";
  if (form.get("client_assertion") === FEDERATED) return "federated";
  return null;
}

function serve(certificate, key, log) {
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url, "https://localhost");
    const found = grant(url, request.headers, new URLSearchParams(body));
    appendFileSync(log, `${found ?? "refused"}\n`);
    if (found === null) {
      // As Entra ID does, it says what is wrong; unlike it, also with the secret, which clp must not show.
      refused(response, 401, `AADSTS7000215: Invalid client secret provided: ${new URLSearchParams(body).get("client_secret")}.\r\nTrace ID: 1`);
      return;
    }
    const { text, expires } = token();
    const answer = { access_token: text, token_type: "Bearer", expires_in: LIFETIME_SECONDS, expires_on: String(expires), resource: "https://storage.azure.com" };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
}

const [first, ...rest] = process.argv.slice(2);
if (first === "az") {
  const { text, expires } = token();
  console.log(JSON.stringify({ accessToken: text, expires_on: expires, tokenType: "Bearer" }));
} else if (first === "token") {
  console.log(token().text);
} else {
  serve(first, ...rest);
}
