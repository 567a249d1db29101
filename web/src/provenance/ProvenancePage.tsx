import { useState } from "react";
import { Link, Navigate, useParams, useSearchParams } from "react-router";
import { useAlert, useIntrusion, useProvenance } from "../api/queries";
import type { Alert } from "../api/types";
import { useI18n } from "../i18n";
import { titleOf } from "../incident/summary";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Await } from "../ui/State";
import { IntrusionFacts, ProvenanceView } from "./ProvenanceView";
import { intrusionPath } from "./path";

function Back({ incident }: { incident: string | null | undefined }) {
  const { t } = useI18n();
  const to = incident ? `/incidents/${encodeURIComponent(incident)}` : "/incidents";
  return <Link to={to} className="back">← {incident ? t("prov.incident", { id: incident }) : t("incident.back")}</Link>;
}

/** The provenance of one intrusion: what one intruder does on one host. */
export function IntrusionPage() {
  const { t } = useI18n();
  const [params] = useSearchParams();
  const id = params.get("id") ?? "";
  const incident = params.get("incident");
  const query = useIntrusion(id);
  return (
    <>
      <Back incident={incident} />
      <Await query={query}>
        {(intrusion) =>
          // The server answers for one that was merged with the one it became part of.
          intrusion.id !== id ? (
            <Navigate to={intrusionPath(intrusion.id, incident)} replace />
          ) : (
            <>
              <header className="head">
                <div className="head-title"><h1>{t("intrusion.title", { host: hostName(intrusion.host) })}</h1></div>
                <IntrusionFacts intrusion={intrusion} />
              </header>
              <ProvenanceView
                graph={intrusion.graph}
                host={intrusion.host.id}
                answers={intrusion.answers}
                stages={intrusion.stages ?? []}
                intrusion={intrusion}
              />
            </>
          )
        }
      </Await>
    </>
  );
}

function OfAlert({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  const [stored, setStored] = useState(false);
  const query = useProvenance(alert.id, stored);
  return (
    <>
      <Back incident={alert.incident} />
      <Await query={query}>
        {({ graph, answers, intrusion }) => (
          <>
            <header className="head">
              <div className="head-title">
                <Level value={alert.rule?.level} />
                <h1>{t("prov.alert", { title: titleOf(alert) })}</h1>
                <span className="muted">{hostName(alert.host)}</span>
              </div>
              {intrusion ? <IntrusionFacts intrusion={intrusion} /> : <p className="muted">{t("prov.none")}</p>}
            </header>
            <ProvenanceView
              graph={graph}
              host={alert.host.id}
              answers={answers}
              stages={alert.stages ?? intrusion?.stages ?? []}
              intrusion={intrusion}
              onStored={stored ? undefined : () => { setStored(true); }}
            />
          </>
        )}
      </Await>
    </>
  );
}

/** Where an alert came from and what came of it. */
export function AlertProvenancePage() {
  const { id = "" } = useParams();
  const query = useAlert(id);
  return <Await query={query}>{(alert) => <OfAlert alert={alert} />}</Await>;
}
