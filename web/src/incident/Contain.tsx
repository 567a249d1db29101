import type { Incident } from "../api/types";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { CopyButton } from "../ui/Copy";
import { Panel } from "../ui/Panel";
import { hostName } from "../ui/Hosts";
import { containment } from "./summary";

/** What to act on: the hosts reached, the peers to block, the files to remove. */
export function Contain({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const groups = [...containment(incident)];
  const all = groups.flatMap(([, values]) => values).join("\n");
  return (
    <Panel
      title={t("incident.contain")}
      id="contain"
      className="contain"
      extra={all !== "" && <CopyButton text={all} label={t("incident.contain.copy")} />}
    >
      <dl>
        <dt>{t("incident.hosts")}</dt>
        {(incident.hosts ?? []).map((host) => (
          <dd key={host.id}>
            <Code>{hostName(host)}</Code>
          </dd>
        ))}
        {groups.map(([type, values]) => [
          <dt key={type}>{named(t, "entity", type)}</dt>,
          ...values.map((value) => (
            <dd key={type + value}>
              <Code>{value}</Code>
            </dd>
          )),
        ])}
      </dl>
      {groups.length === 0 && <p className="muted">{t("incident.contain.empty")}</p>}
    </Panel>
  );
}
