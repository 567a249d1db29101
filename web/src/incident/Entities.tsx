import { Button } from "antd";
import { useState } from "react";
import type { Alert, HostRef, Incident } from "../api/types";
import { useHand } from "../decisions/hand";
import { demoting } from "../decisions/wish";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { entityText } from "./entityText";
import { bare, entityGroups, type CountedEntity } from "./summary";

/** Says that an entity ties nothing any more, or lets an analyst say so. */
function Tie({ entity }: { entity: CountedEntity }) {
  const { t } = useI18n();
  const { ask, decisions } = useHand();
  const demoted = demoting(entity, decisions);
  if (demoted) return <span className="chip chip-limited" title={demoted.note}>{t("entity.demoted", { by: demoted.by ?? "" })}</span>;
  if (!ask) return null;
  return (
    <button type="button" className="quiet" title={t("decide.demote.hint")} onClick={() => { ask({ kind: "demote", entity }); }}>
      {t("decide.demote")}
    </button>
  );
}

/** How many entities of a type are drawn at once. */
const step = 12;

function Group({ type, entities, hosts }: { type: string; entities: readonly CountedEntity[]; hosts: readonly HostRef[] }) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  return (
    <section className="entity-group">
      <h3 className="sub">
        {named(t, "entity", type)} <span className="muted">{count(entities.length)}</span>
      </h3>
      <ul className="plain">
        {entities.slice(0, most).map((entity) => (
          <li key={`${entity.value} ${entity.inode ?? ""}`}>
            <Code>{entityText(bare(entity), hosts)}</Code>
            {entity.role && <span className="chip">{named(t, "entity.role", entity.role)}</span>}
            <span className="figures muted" title={t("entity.alerts", { n: entity.alerts })}>
              {count(entity.alerts)}
            </span>
            <Tie entity={entity} />
          </li>
        ))}
      </ul>
      {entities.length > most && (
        <Button size="small" type="link" onClick={() => { setMost(most + 10 * step); }}>
          {t("hosts.more", { n: entities.length - most })}
        </Button>
      )}
    </section>
  );
}

/** What the alerts share, by type, with the number of alerts that name each. */
export function Entities({ incident, alerts }: { incident: Incident; alerts: readonly Alert[] }) {
  const { t } = useI18n();
  const groups = [...entityGroups(incident.entities ?? [], alerts)];
  return (
    <Panel title={t("incident.entities")} id="entities" extra={count(incident.entities?.length ?? 0)}>
      <div className="entity-groups">
        {groups.map(([type, entities]) => (
          <Group key={type} type={type} entities={entities} hosts={incident.hosts ?? []} />
        ))}
      </div>
    </Panel>
  );
}
