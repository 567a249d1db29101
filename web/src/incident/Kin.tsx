import { Link } from "react-router";
import { useIncident } from "../api/queries";
import type { Incident } from "../api/types";
import { useI18n } from "../i18n";

/** How many related incidents are named. */
const most = 5;

function IncidentLink({ id }: { id: string }) {
  const title = useIncident(id).data?.title;
  return (
    <Link to={`/incidents/${encodeURIComponent(id)}`} title={id}>
      {title && <>{title} </>}<span className="mono">{id}</span>
    </Link>
  );
}

function Line({ label, ids }: { label: string; ids: readonly string[] }) {
  const { t } = useI18n();
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {ids.slice(0, most).map((id) => <IncidentLink key={id} id={id} />)}
        {ids.length > most && <span className="muted" title={ids.slice(most).join("\n")}>{t("hosts.more", { n: ids.length - most })}</span>}
      </dd>
    </div>
  );
}

/** The incidents that this one goes on from, is told of with, or has something in common with. */
export function Kin({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const { recurrence_of: before, campaign, related } = incident;
  if (!before && !campaign && !related?.length) return null;
  return (
    <dl className="head-kin">
      {before && <Line label={t("incident.recurrence")} ids={[before]} />}
      {campaign && campaign !== incident.id && <Line label={t("incident.campaign")} ids={[campaign]} />}
      {campaign === incident.id && <div><dt>{t("incident.campaign")}</dt><dd>{t("incident.campaign.first")}</dd></div>}
      {related && related.length > 0 && <Line label={t("incident.related")} ids={related} />}
    </dl>
  );
}
