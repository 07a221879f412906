/// <reference lib="dom" />
/** The page: what is asked of the source, a server or files, and where what it says goes. */

import { isVitals, vitalsOf } from "../../../records/vitals.ts";
import { placeOf } from "../place.ts";
import { Chart } from "./chart.ts";
import { Connection } from "./connection.ts";
import { Detail } from "./detail.ts";
import { byId, copyButton, setText, whenLeft } from "./dom.ts";
import { EndingsPanel } from "./endings_panel.ts";
import { EntryStore, type Item } from "./entry_store.ts";
import { formatCount, formatShort } from "./format.ts";
import { KnownFields } from "./known_fields.ts";
import { findLinked, hashOf, type Link, linkOf } from "./linked_entry.ts";
import { LogPicker } from "./log_picker.ts";
import { oneLine } from "./entry_text.ts";
import { type Opened, openFiles, reportIn, whenDropped } from "./opened_files.ts";
import { RingPanel } from "./ring_panel.ts";
import { type Marks, rowMaker } from "./row_view.ts";
import { onKeys } from "./keys.ts";
import { SearchBox } from "./search_box.ts";
import { MOST_CHARACTERS, MOST_ROWS, SavedSource } from "./saved_source.ts";
import { commandFor } from "./shell_command.ts";
import type { ConnectionState, Handlers, Request, Source } from "./source.ts";
import { StatusLine } from "./status_line.ts";
import { TimelineAsker } from "./timeline_asker.ts";
import { TimelineChart } from "./timeline_chart.ts";
import { VirtualList } from "./virtual_list.ts";
import { VitalsCharts } from "./vitals_charts.ts";

const report = reportIn(document);
const isReport = report !== undefined;
const store = new EntryStore();
const marks: Marks = { words: [] };
const known = new KnownFields();
const search = new SearchBox(known, startAnew, () => byId("list").focus());
const level = byId("level") as HTMLSelectElement;
const pauseButton = byId("pause");

let log: string | undefined;
/** Whether the server looks at it: it does not at what it never saw. */
let isFollowed = false;
/** Who stopped the list, if it is stopped. */
let pausedBy: "button" | "scrolling" | "selecting" | undefined;
/** The segment of which entries are here. */
let segment = "";
let isFresh = true;
let lastWritten = 0;
/** The link that is shown in place of what is live. */
let shownLink: Link | undefined;
/** Whether entries are from files: all of them are here, and no other will come. */
let isSaved = false;
/** The number of the entry that a link leads to, until it is here. */
let linkedNumber = 0;

const chart = new Chart(byId("chart"));
const vitals = new VitalsCharts(byId("vitals"), 120_000);
const timeline = new TimelineChart(startAnew);
const overTime = new TimelineAsker(timeline, () => source);
const ring = new RingPanel();
const status = new StatusLine();
const detail = new Detail();
const picker = new LogPicker((name) => {
  if (name === log) return;
  log = name;
  chart.clear();
  vitals.clear();
  timeline.reset();
  known.clear();
  if (!isSaved) history.replaceState(null, "", addressOf(name));
  search.blur();
  startAnew();
});
const ended = new EndingsPanel(({ log, seq }) => {
  // It is shown among all others.
  search.clear();
  level.value = "";
  timeline.reset();
  void follow({ log, seq, segment: "" });
});
const list = new VirtualList(byId("list"), byId("rows"), store, rowMaker(marks), {
  onScrolled(isAtEnd) {
    if (!isAtEnd && pausedBy === undefined) pause("scrolling");
    else if (isAtEnd && pausedBy === "scrolling") resume();
  },
  onChosen: (item) => {
    choose(item.place);
    showDetail(item);
  },
});

const handlers: Handlers = {
  hello(hello) {
    log ??= hello.log;
    isFollowed = hello.log !== undefined;
    if (!isFollowed && log !== undefined) status.log = { state: "missing", segment: "" };
    status.mostEntries = hello.mostEntries;
    picker.choose(log);
    document.title = log === undefined ? "ouroboros" : `${oneLine(log)} · ouroboros`;
  },
  unlisted: ({ count }) => picker.unlisted = count,
  logs(logs) {
    status.isListed = true;
    picker.show(logs);
    // There was none to show when we asked.
    const first = logs.find(({ isWriterAlive }) => isWriterAlive) ??
      logs.find(({ isThere }) => isThere);
    if (log === undefined && first !== undefined) {
      log = first.name;
      startAnew();
    } else if (!isFollowed && logs.some(({ name, isThere }) => isThere && name === log)) connect();
    showNothing();
  },
  state(state) {
    if (state.state === "live" && segment !== "" && state.segment !== segment) {
      store.remark("a new log has taken the name");
      store.restart();
      list.update();
    }
    if (state.state === "live") {
      segment = state.segment;
      // One search after the other: each takes as long as the log is large.
      if (!isFiltered() || pausedBy !== undefined) askOverTime();
    } else {
      ring.show(undefined);
      overTime.stop();
    }
    status.log = state;
    showNothing();
  },
  history: (points) => chart.merge(points),
  entries({ rows, left, isPast }) {
    status.progress = undefined;
    if (isPast && left > 0) {
      const are = left === 1 ? "entry is" : "entries are";
      store.remark(`${formatCount(left)} ${isFresh ? "older" : "more"} ${are} not shown`);
    }
    if (isPast) {
      isFresh = false;
      askOverTime();
    }
    status.left += isPast ? 0 : left;
    for (const [, text, , source] of rows) {
      const sample = vitalsOf(text);
      if (sample !== undefined) vitals.add(sample, source);
    }
    known.learnFrom(rows);
    // They are drawn, and are rows of a search only.
    store.add(search.question === "" ? rows.filter(([, text]) => !isVitals(text)) : rows);
    list.update();
    showNothing();
    if (linkedNumber > 0) showLinked(linkedNumber);
  },
  progress({ done }) {
    status.progress = done;
    showNothing();
  },
  stats(stats) {
    lastWritten = stats.last;
    chart.add(stats);
    ring.rate = stats;
    status.isFiltered = isFiltered();
    status.isPaused = pausedBy !== undefined;
    status.kept = store.length;
    status.show(stats);
    showPause();
  },
  ring: (picture) => ring.show(picture),
};

function showConnection(state: ConnectionState, reason?: string): void {
  status.connect(state, reason);
  showNothing();
}

let source: Source = new Connection(handlers, showConnection, connect);

function isFiltered(): boolean {
  return search.question !== "" || level.value !== "" || timeline.span !== undefined;
}

/** Asks how entries spread over time, of a log that is there: of a group nobody knows. */
function askOverTime(): void {
  if (segment === "" || log === undefined || log.endsWith("{slot}")) return overTime.stop();
  const isLive = !isSaved && pausedBy === undefined;
  overTime.ask({ log, where: search.question, level: level.value }, isLive);
}

/** What is chosen of the log. */
function shown(): Pick<Request, "where" | "level" | "span"> {
  return { where: search.question, level: level.value, span: timeline.span };
}

/** Asks for what the page shows now. */
function connect(): void {
  askOverTime();
  source.open({
    ...shown(),
    log,
    entries: pausedBy === undefined,
    after: placeOf(store.lastNumber, segment),
  });
}

/** Asks for another log, or with another filter. */
function startAnew(): void {
  shownLink = undefined;
  clearRows();
  resume();
  showNothing();
}

function clearRows(): void {
  store.clear();
  ring.show(undefined);
  segment = "";
  list.select(-1);
  hideDetail();
  status.left = 0;
  status.isFiltered = isFiltered();
  status.progress = undefined;
  isFresh = true;
  marks.words = search.words;
  list.invalidate();
}

/** Shows the entry that a link leads to, among those around it, or says why it can't. */
async function follow(link: Link): Promise<void> {
  if (link.log !== log) chart.clear();
  ({ log } = link);
  if (isSaved) {
    linkedNumber = link.seq;
    return startAnew();
  }
  clearRows();
  shownLink = link;
  pausedBy = "selecting";
  list.isFollowing = false;
  showPause();
  connect();
  const { rows, remark } = await findLinked(link, source);
  if (shownLink !== link) return;
  store.remark(remark);
  store.add(rows);
  list.update();
  showNothing();
  showLinked(link.seq);
}

/** Shows all of the entry that a link leads to, if it is here. */
function showLinked(number: number): void {
  linkedNumber = 0;
  const item = store.entry(number);
  if (item === undefined) return;
  choose(item.place);
  showDetail(item);
  list.center(item.place);
}

/** Shows all of an entry; the address of the page is a link to it. */
function showDetail(item: Item): void {
  detail.show(item);
  if (log === undefined) return;
  const hash = hashOf({
    log,
    seq: item.number,
    segment: isSaved ? "" : shownLink?.segment || segment,
  });
  setAddress(hash);
}

function hideDetail(): void {
  if (!detail.isOpen) return;
  detail.hide();
  setAddress("");
}

/** Changes the part of the address behind `#`. */
function setAddress(hash: string): void {
  if (!isSaved) return history.replaceState(null, "", `${location.search}${hash}`);
  // What was dropped has no address: it is gone with the page.
  if (isReport) history.replaceState(null, "", hash || "#");
}

function pause(by: typeof pausedBy): void {
  const wasLive = pausedBy === undefined;
  pausedBy = by;
  list.isFollowing = false;
  showPause();
  if (wasLive) connect();
}

function resume(): void {
  if (shownLink !== undefined) {
    // There is a gap between these entries and what is live.
    shownLink = undefined;
    return startAnew();
  }
  pausedBy = undefined;
  list.select(-1);
  list.isFollowing = true;
  showPause();
  connect();
}

function choose(place: number): void {
  if (pausedBy !== "button") pause("selecting");
  list.select(place);
}

/** Moves the mark by some rows, from the last one if none is marked. */
function move(by: number): void {
  const from = list.selected < store.first ? store.end : list.selected;
  const place = Math.min(Math.max(from + by, store.first), store.end - 1);
  const step = by > 0 ? 1 : -1;
  // The first row, or the last one, may be a remark.
  const item = store.entryFrom(place, step) ?? store.entryFrom(place, by > 0 ? -1 : 1);
  if (item === undefined) return;
  choose(item.place);
  if (detail.isOpen) showDetail(item);
}

function showPause(): void {
  const isPaused = pausedBy !== undefined;
  const missed = Math.max(lastWritten - store.lastNumber, 0);
  pauseButton.setAttribute("aria-pressed", String(isPaused));
  // How many of them would match nobody knows here.
  const more = isPaused && missed > 0 && !status.isFiltered ? ` · ${formatShort(missed)} new` : "";
  setText(byId("pause-text"), isPaused ? `Resume${more}` : "Pause");
  pauseButton.setAttribute("aria-label", isPaused ? `Resume${more}` : "Pause");
}

/** Says why the list is empty, if it is. */
function showNothing(): void {
  setText(byId("nothing"), store.length > 0 ? "" : status.whyEmpty(log));
}

/** The address of this page with another log. */
function addressOf(log: string): string {
  const params = new URLSearchParams(location.search);
  params.set("log", log);
  return `?${params}`;
}

pauseButton.addEventListener("click", () => pausedBy === undefined ? pause("button") : resume());
level.addEventListener("change", startAnew);
byId("close").addEventListener("click", hideDetail);
copyButton(byId("copy"), () => detail.item?.text ?? "");
copyButton(byId("copy-link"), () => location.href);
copyButton(byId("copy-command"), () => commandFor({ ...shown(), log: log ?? "" }));

onKeys({
  pause: () => isSaved || pauseButton.click(),
  search: () => search.focus(),
  move,
  page: (by) => move(by * list.pageSize),
  home: () => move(-store.length),
  end: resume,
  open() {
    const item = store.at(list.selected);
    if (item !== undefined) showDetail(item);
  },
  leave() {
    if (picker.isOpen) picker.toggle(false);
    else if (detail.isOpen) hideDetail();
    else if (pausedBy !== undefined) resume();
  },
});

// Out of sight it asks for nothing.
whenLeft(() => {
  source.close();
  overTime.stop();
}, connect);

/** Shows what the address says. */
function start(): void {
  const link = linkOf(location.hash);
  if (link !== undefined) return void follow(link);
  log = isSaved ? undefined : new URLSearchParams(location.search).get("log") ?? undefined;
  startAnew();
}

/** Shows files in place of what was here. */
async function show(opening: Promise<Opened>): Promise<void> {
  const { files, failures } = await opening;
  setText(byId("failures"), failures.join(" · "));
  if (files.length === 0) return;
  source.close();
  overTime.stop();
  const saved = source = new SavedSource(files, handlers, showConnection);
  ended.show([]);
  isSaved = true;
  log = undefined;
  document.body.classList.add("saved");
  byId("copy-link").hidden = !isReport;
  byId("copy-link").title = "A link to this entry, in this file";
  store.resize(MOST_ROWS, MOST_CHARACTERS);
  vitals.clear();
  vitals.span = Infinity;
  timeline.reset();
  known.clear();
  start();
  const endings = await saved.endings();
  if (source === saved) ended.show(endings);
}

addEventListener("hashchange", () => !isSaved || isReport ? start() : undefined);
whenDropped((dropped) => void show(openFiles(dropped)));
if (report === undefined) start();
else void show(openFiles([report]));
