import { Button } from "antd";
import { Link } from "react-router";
import type { Decision, Incident } from "../api/types";
import { useI18n } from "../i18n";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { useHand } from "./hand";
import { What } from "./What";

function Row({ decision, incident }: { decision: Decision; incident: Incident }) {
  const { t } = useI18n();
  const { ask } = useHand();
  const elsewhere = decision.incident && decision.incident !== incident.id;
  return (
    <li className={decision.withdrawn ? "decision muted" : "decision"}>
      <span className="figures muted"><Time value={decision.at} /></span>
      <span className="decision-who">{decision.by}</span>
      <span className="decision-what">
        <span><What decision={decision} incident={incident} /></span>
        {elsewhere && <span className="muted">{t("decided.at")} <Link className="mono" to={`/incidents/${encodeURIComponent(decision.incident ?? "")}`}>{decision.incident}</Link></span>}
        {decision.note && <q>{decision.note}</q>}
        {decision.withdrawn && <span>{t("decided.withdrawn", { by: decision.withdrawn_by ?? "" })} <Time value={decision.withdrawn} /></span>}
      </span>
      {ask && !decision.withdrawn && (
        <Button size="small" onClick={() => { ask({ kind: "withdraw", decision }); }}>{t("decide.withdraw")}</Button>
      )}
    </li>
  );
}

/** What analysts decided about the incident: who, when, why, and the way back. */
export function DecisionList({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const { decisions } = useHand();
  return (
    <Panel title={t("incident.decisions")} id="decisions" className="decisions" extra={count(decisions.length)}>
      {decisions.length === 0 ? (
        <p className="muted">{t("decisions.empty")}</p>
      ) : (
        <ul className="plain">{decisions.map((decision) => <Row key={decision.id} decision={decision} incident={incident} />)}</ul>
      )}
    </Panel>
  );
}
