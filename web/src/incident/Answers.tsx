import type { Answer } from "../api/types";
import { named, useI18n } from "../i18n";

/** The five questions in the order in which they are asked. */
const order = ["files", "persistence", "deleted", "lateral", "data"];

function sorted(answers: Record<string, Answer>): [string, Answer][] {
  const at = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.entries(answers).sort(([a], [b]) => at(a) - at(b) || a.localeCompare(b));
}

/** The five questions with their answers, and what these rest on. */
export function Answers({ answers }: { answers: Record<string, Answer> }) {
  const { t } = useI18n();
  return (
    <dl className="answers">
      {sorted(answers).map(([name, answer]) => (
        <div key={name}>
          <dt>{named(t, "answer", name)}</dt>
          <dd>
            <b className={`answer answer-${answer.state}`} title={answer.state === "unknown" ? t("answer.unknown.why") : undefined}>
              {named(t, "answer", answer.state)}
            </b>
            <span className="mono">{answer.evidence?.join(", ")}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
