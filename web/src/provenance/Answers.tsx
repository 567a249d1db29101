import { useState } from "react";
import type { Answer, Intrusion } from "../api/types";
import { named, useI18n, type Translate } from "../i18n";
import { Code } from "../ui/Code";
import { bytes, clock, parseTime } from "../ui/format";
import { Time } from "../ui/Time";
import { linesFor, type Line, type Mark } from "./facts";

/** The five questions in the order in which they are asked. */
const order = ["files", "persistence", "deleted", "lateral", "data"];

/** How many pieces of evidence are shown at once. */
const few = 3;

function sorted(answers: Record<string, Answer>): [string, Answer][] {
  const at = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.entries(answers).sort(([a], [b]) => at(a) - at(b) || a.localeCompare(b));
}

/** The names of classes of telemetry. */
export function classNames(t: Translate, classes: readonly string[]): string {
  return classes.map((each) => named(t, "class", each)).join(t("prov.comma"));
}

function MarkText({ mark }: { mark: Mark }) {
  const { t } = useI18n();
  const time = parseTime(mark.time);
  return (
    <span className="chip" title={time ? time.toISOString() : undefined}>
      {t(mark.key, { bytes: bytes(mark.bytes ?? 0) })}
      {time && ` ${clock(time)}`}
    </span>
  );
}

function Evidence({ lines, more }: { lines: readonly Line[]; more: number }) {
  const { t } = useI18n();
  const [most, setMost] = useState(few);
  const hidden = lines.length - most;
  return (
    <ul className="plain answer-lines">
      {lines.slice(0, most).map((line, at) => (
        <li key={at} className={line.past ? "past" : ""}>
          <Code copy={false}>{line.text}</Code>
          {line.marks.map((mark) => <MarkText key={mark.key} mark={mark} />)}
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button type="button" className="text-button muted" onClick={() => { setMost(Infinity); }}>
            {t("answer.more", { n: hidden })}
          </button>
        </li>
      )}
      {hidden <= 0 && more > 0 && <li className="muted">{t("answer.unlisted", { n: more })}</li>}
    </ul>
  );
}

/** The word for an answer. Programs of which some are left are "not all deleted". */
function stateText(t: Translate, question: string, answer: Answer, lines: readonly Line[]): string {
  if (question === "deleted" && answer.state === "not_seen") {
    return lines.length > 0 ? t("answer.deleted.left") : t("answer.deleted.none");
  }
  return named(t, "answer", answer.state);
}

/** Whether an answer is bad, good or open: trojans that are deleted are good, those that are left are not. */
function toneOf(question: string, answer: Answer, lines: readonly Line[]): string {
  if (question !== "deleted" || answer.state === "unknown") return answer.state;
  return answer.state === "yes" || lines.length === 0 ? "not_seen" : "yes";
}

function Bounds({ answer }: { answer: Answer }) {
  const { t } = useI18n();
  const missing = answer.incomplete ?? [];
  return (
    <p className="answer-bounds muted">
      {missing.length > 0 && <span className="answer-missing">{t("answer.missing", { classes: classNames(t, missing) })}</span>}
      {answer.state === "not_seen" && missing.length === 0 && <span>{t("answer.complete")}</span>}
      {parseTime(answer.as_of) && <span>{t("answer.asof")} <Time value={answer.as_of} /></span>}
      {answer.state === "unknown" && missing.length === 0 && <span>{t("answer.unknown.why")}</span>}
    </p>
  );
}

function Question({ name, answer, intrusions }: { name: string; answer: Answer; intrusions: readonly Intrusion[] }) {
  const { t } = useI18n();
  const facts = linesFor(name, intrusions);
  const told = intrusions.length === 0 && answer.state === "yes";
  const lines = told ? (answer.evidence ?? []).map((text) => ({ text, marks: [] })) : facts;
  const least = answer.state === "yes" && (answer.incomplete?.length ?? 0) > 0;
  return (
    <div>
      <dt>{named(t, "answer", name)}</dt>
      <dd>
        <b className={`answer answer-${toneOf(name, answer, lines)}`}>{stateText(t, name, answer, lines)}</b>
        {least && <span className="chip chip-limited">{t("answer.atleast")}</span>}
        <Bounds answer={answer} />
      </dd>
      <Evidence lines={lines} more={told ? (answer.more ?? 0) : 0} />
    </div>
  );
}

interface Props {
  answers: Record<string, Answer>;
  /** The intrusions that the answers are about, for what these rest on. */
  intrusions: readonly Intrusion[];
}

/** The five questions with their answers, how far these hold, and what they rest on. */
export function Answers({ answers, intrusions }: Props) {
  return (
    <dl className="answers">
      {sorted(answers).map(([name, answer]) => (
        <Question key={name} name={name} answer={answer} intrusions={intrusions} />
      ))}
    </dl>
  );
}
