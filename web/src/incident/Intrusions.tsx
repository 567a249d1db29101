import { Link } from "react-router";
import type { Incident, Intrusion } from "../api/types";
import { named, useI18n } from "../i18n";
import { intrusionPath } from "../provenance/path";
import { count } from "../ui/format";
import { hostName } from "../ui/Hosts";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";

function Row({ intrusion, incident }: { intrusion: Intrusion; incident: string }) {
  const { t } = useI18n();
  const root = intrusion.roots?.[0];
  const seen = (intrusion.stages ?? []).filter((stage) => stage.state === "yes");
  const latest = [...seen].sort((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))[0];
  return (
    <li>
      <b>{hostName(intrusion.host)}</b>
      <span>{root?.kind ? named(t, "tree.context", root.kind) : "–"}</span>
      <span className="mono intrusion-command" title={root?.command_line}>{root?.command_line}</span>
      <span className="muted figures">{t("intrusion.stages", { n: seen.length })}{latest && ` · ${named(t, "stage", latest.stage)}`}</span>
      <span className="muted figures"><Time value={intrusion.updated} as="ago" /></span>
      <Link to={intrusionPath(intrusion.id, incident)}>{t("prov.open")}</Link>
    </li>
  );
}

/** The intrusions that an incident's alerts are part of, with the way to their provenance. */
export function Intrusions({ incident, intrusions }: { incident: Incident; intrusions: readonly Intrusion[] }) {
  const { t } = useI18n();
  if (intrusions.length === 0) return null;
  return (
    <Panel title={t("intrusions.title")} id="provenance" className="intrusions" extra={count(incident.intrusions?.length ?? intrusions.length)}>
      <ul className="plain">
        {intrusions.map((intrusion) => <Row key={intrusion.id} intrusion={intrusion} incident={incident.id} />)}
      </ul>
    </Panel>
  );
}
