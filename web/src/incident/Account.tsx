import type { Alert, Incident } from "../api/types";
import { useI18n } from "../i18n";
import { Panel } from "../ui/Panel";
import { Answers } from "./Answers";
import { Reach } from "./Reach";

/** What happened and how far it got. */
export function Account({ incident, alerts }: { incident: Incident; alerts: readonly Alert[] }) {
  const { t, language } = useI18n();
  const text = language === "zh" && incident.account_zh ? incident.account_zh : incident.account;
  return (
    <Panel title={t("incident.account")} id="account">
      <p className="account">{text}</p>
      <h3 className="sub">{t("incident.reach")}</h3>
      <Reach alerts={alerts} />
      {incident.answers && <Answers answers={incident.answers} />}
    </Panel>
  );
}
