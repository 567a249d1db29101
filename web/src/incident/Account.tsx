import type { Alert, Incident, Intrusion } from "../api/types";
import { useI18n } from "../i18n";
import { Answers } from "../provenance/Answers";
import { KillChain } from "../provenance/KillChain";
import { joinStages } from "../provenance/stages";
import { Panel } from "../ui/Panel";
import { Reach } from "./Reach";

interface Props {
  incident: Incident;
  alerts: readonly Alert[];
  /** The intrusions of the incident, those that are known. */
  intrusions: readonly Intrusion[];
  open: (id: string) => void;
}

/** What happened and how far it got: the kill chain, or the tactics where there is none. */
export function Account({ incident, alerts, intrusions, open }: Props) {
  const { t, language } = useI18n();
  const text = language === "zh" && incident.account_zh ? incident.account_zh : incident.account;
  const chains = intrusions.flatMap((intrusion) => (intrusion.stages?.length ? [intrusion.stages] : []));
  return (
    <Panel title={t("incident.account")} id="account">
      <p className="account">{text}</p>
      <h3 className="sub">{t("incident.reach")}</h3>
      {chains.length > 0 ? <KillChain stages={joinStages(chains)} day={incident.updated} open={open} /> : <Reach alerts={alerts} />}
      {incident.answers && <Answers answers={incident.answers} intrusions={intrusions} />}
    </Panel>
  );
}
