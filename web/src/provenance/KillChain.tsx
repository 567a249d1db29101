import type { Stage } from "../api/types";
import { named, useI18n } from "../i18n";
import { count } from "../ui/format";
import { Time } from "../ui/Time";
import { classNames } from "./Answers";

interface Props {
  stages: readonly Stage[];
  /** The day that times without one are of. */
  day: string | undefined;
  /** Shows the evidence of an alert. */
  open?: ((alert: string) => void) | undefined;
}

function Cell({ stage, day, open }: { stage: Stage } & Omit<Props, "stages">) {
  const { t } = useI18n();
  const missing = stage.incomplete ?? [];
  const alert = stage.alert;
  const seen = stage.state === "yes";
  return (
    <li className={`stage stage-${stage.state}`} title={stage.evidence}>
      <b>{named(t, "stage", stage.stage)}</b>
      <span className="stage-state">
        {named(t, "stage.state", stage.state)}
        {seen && (stage.count ?? 0) > 1 && <span className="figures"> ×{count(stage.count ?? 0)}</span>}
      </span>
      <span className="stage-when figures">
        {seen ? <Time value={stage.time} as="clock" day={day} /> : missing.length > 0 && classNames(t, missing)}
      </span>
      <span className="stage-evidence">
        {seen && alert && open ? (
          <button type="button" className="text-button" title={stage.evidence} onClick={() => { open(alert); }}>{stage.evidence}</button>
        ) : (
          seen && stage.evidence
        )}
      </span>
    </li>
  );
}

/**
 * The stages of a kill chain. A stage has its place and its size whatever is
 * known of it, so that one which is reached moves nothing.
 */
export function KillChain({ stages, ...rest }: Props) {
  const { t } = useI18n();
  return (
    <ol className="plain chain" aria-label={t("chain.title")}>
      {stages.map((stage) => <Cell key={stage.stage} stage={stage} {...rest} />)}
    </ol>
  );
}
