//! The report for people at a terminal.

mod chart;
mod requests;
mod table;

use std::fmt::Write;

use self::table::{Column, Table};
use super::{
    Report, Severity,
    exception::simple_name,
    report::{Affected, Count, Exception, notes, read},
    words::{Clock, grouped, moment, one_line},
};

/// How the report is shown.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Columns of the terminal; off a terminal nothing is cut.
    pub columns: Option<usize>,
    pub color: bool,
}

/// Of charts, where nobody says how wide they may be.
const WIDTH: usize = 100;

/// Before an exception's class: its count and two times.
const COLUMNS_BEFORE: usize = 36;

const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const BOLD: &str = "1";
const DIM: &str = "2";

impl Paint {
    fn width(self) -> usize {
        self.columns.unwrap_or(WIDTH)
    }

    /// Where lines are broken.
    fn wrap(self) -> usize {
        self.columns.unwrap_or(usize::MAX)
    }

    fn in_color(self, text: &str, color: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("\u{1b}[{color}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// Cut to the terminal, with a sign that it was.
    fn fitted(self, text: &str) -> String {
        match self.columns {
            None => text.to_owned(),
            Some(columns) => table::cut(text, columns).into_owned(),
        }
    }
}

/// The whole report, with a line break at its end.
pub fn render(report: &Report, paint: Paint) -> String {
    let mut page = Page {
        text: String::new(),
        paint,
    };
    page.head(report);
    page.verdict(report);
    if !report.is_empty() {
        page.text.push_str(&chart::levels(report, paint));
        page.affected("Services", &report.services);
        page.affected("Pods", &report.pods);
        page.exceptions(report);
        page.patterns(report);
        page.loggers(report);
        for (title, http) in [("the proxy", &report.proxy), ("the applications", &report.application)] {
            if let Some(http) = http {
                page.http(title, http, report);
            }
        }
    }
    page.unreadable(report);
    page.notes(report);
    page.text
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn line(&mut self, line: &str) {
        let line = self.paint.fitted(line);
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn title(&mut self, title: &str, note: &str) {
        let title = self.paint.in_color(title, BOLD);
        let note = self.paint.in_color(note, DIM);
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "\n{title}{}{note}", if note.is_empty() { "" } else { "  " });
    }

    fn table(&mut self, table: &Table) {
        let text = table.render(self.paint.columns);
        self.text.push_str(&text);
    }

    fn head(&mut self, report: &Report) {
        let about = &report.about;
        self.line(&format!("{}: {}", one_line(&about.what), read(report)));
        if let (Some(_), Some(_)) = (report.from, report.to) {
            self.line(&format!("{} – {} UTC", moment(report.from), moment(report.to)));
        }
    }

    fn verdict(&mut self, report: &Report) {
        let verdict = &report.verdict;
        let color = match verdict.severity {
            Severity::Calm => GREEN,
            Severity::Minor => YELLOW,
            Severity::Grave => RED,
        };
        self.text.push('\n');
        for line in table::wrapped(&verdict.headline, self.paint.wrap()) {
            let line = self.paint.in_color(&self.paint.in_color(&line, color), BOLD);
            self.text.push_str(&line);
            self.text.push('\n');
        }
        for (question, answers) in [
            ("what", &verdict.what),
            ("when", &verdict.when),
            ("whom", &verdict.whom),
        ] {
            for (index, answer) in answers.iter().enumerate() {
                let question = if index == 0 { question } else { "" };
                let lines = table::wrapped(answer, self.paint.wrap().saturating_sub(8));
                for (index, line) in lines.iter().enumerate() {
                    let question = if index == 0 { question } else { "" };
                    let _ = writeln!(
                        self.text,
                        "  {}  {line}",
                        self.paint.in_color(&format!("{question:4}"), DIM)
                    );
                }
            }
        }
    }

    fn affected(&mut self, title: &str, rows: &[Affected]) {
        if rows.is_empty() {
            return;
        }
        self.title(title, "most failures first");
        let is_pod = rows.iter().any(|row| !row.pod.is_empty());
        let columns = ["LINES", "ERRORS", "WARNINGS", "REQUESTS", "4XX", "5XX"].map(Column::right);
        let name = Column::left(if is_pod { "POD" } else { "SERVICE" });
        let mut table = Table::new(columns.into_iter().chain([name]));
        for row in rows {
            let counts = [
                row.lines,
                row.errors,
                row.warnings,
                row.requests,
                row.client_errors,
                row.server_errors,
            ];
            table.row(counts.map(grouped).into_iter().chain([row.name()]));
        }
        self.table(&table);
    }

    fn exceptions(&mut self, report: &Report) {
        if report.exceptions.is_empty() {
            return;
        }
        self.title("Exceptions", "");
        let columns = [
            Column::right("COUNT"),
            Column::left("FIRST"),
            Column::left("LAST"),
            Column::left("EXCEPTION"),
        ];
        let mut table = Table::new(columns);
        for row in &report.exceptions {
            table.row([
                grouped(row.count),
                self.clock(report, row.first_seen),
                self.clock(report, row.last_seen),
                self.class(row),
            ]);
            table.below(format!("{}{}", one_line(&row.sample), in_services(&row.services)));
        }
        self.table(&table);
    }

    /// With its package where there is room for that.
    fn class(&self, row: &Exception) -> String {
        let told = |name: fn(&str) -> &str| match &row.root_cause {
            Some(root) => format!("{} ← {}", name(&row.class), name(root)),
            None => name(&row.class).to_owned(),
        };
        let whole = told(|class| class);
        let room = self
            .paint
            .columns
            .map_or(usize::MAX, |columns| columns.saturating_sub(COLUMNS_BEFORE));
        match whole.chars().count() <= room {
            true => whole,
            false => told(simple_name),
        }
    }

    fn patterns(&mut self, report: &Report) {
        for (title, note, rows) in [
            ("Errors and warnings", "what varies is folded", &report.problem_patterns),
            ("Other messages", "", &report.other_patterns),
        ] {
            if rows.is_empty() {
                continue;
            }
            self.title(title, note);
            let columns = [
                Column::right("COUNT"),
                Column::left("LEVEL"),
                Column::left("FIRST"),
                Column::left("LAST"),
                Column::left("MESSAGE"),
            ];
            let mut table = Table::new(columns);
            for row in rows {
                table.row([
                    grouped(row.count),
                    row.level.to_owned(),
                    self.clock(report, row.first_seen),
                    self.clock(report, row.last_seen),
                    row.pattern.clone(),
                ]);
            }
            self.table(&table);
        }
    }

    fn loggers(&mut self, report: &Report) {
        if report.loggers.is_empty() {
            return;
        }
        self.title("Loggers", "");
        let columns = ["LINES", "ERRORS", "WARNINGS"].map(Column::right);
        let mut table = Table::new(columns.into_iter().chain([Column::left("LOGGER")]));
        for row in &report.loggers {
            let counts = [row.lines, row.errors, row.warnings].map(grouped);
            table.row(counts.into_iter().chain([row.logger.clone()]));
        }
        self.table(&table);
    }

    fn unreadable(&mut self, report: &Report) {
        if report.unreadable.is_empty() {
            return;
        }
        self.title("Lines that could not be extracted", "");
        let columns = [Column::right("COUNT"), Column::left("TYPE"), Column::left("REASON")];
        let mut table = Table::new(columns);
        for row in &report.unreadable {
            table.row([grouped(row.count), row.error_type.clone(), row.reason.clone()]);
            table.below(one_line(&row.sample).into_owned());
        }
        self.table(&table);
    }

    fn notes(&mut self, report: &Report) {
        let notes = notes(report);
        if !notes.is_empty() {
            self.text.push('\n');
        }
        for note in notes {
            for line in table::wrapped(&note, self.paint.wrap()) {
                let line = self.paint.in_color(&line, DIM);
                self.text.push_str(&line);
                self.text.push('\n');
            }
        }
    }

    fn clock(&self, report: &Report, time: Option<jiff::Timestamp>) -> String {
        let clock = match (report.from, report.to) {
            (Some(from), Some(to)) => Clock::of(from, to, 1),
            _ => return String::new(),
        };
        time.map_or_else(String::new, |time| clock.tell(time))
    }
}

fn in_services(services: &[Count]) -> String {
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("  [{}]", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
