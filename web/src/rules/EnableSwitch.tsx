import { Switch, Tooltip } from "antd";
import { useI18n } from "../i18n";
import { useRole } from "../session/role";
import { explain } from "../ui/State";
import { useSwitch } from "./queries";

interface Props {
  of: { pack: string } | { rule: string };
  /** What people call it. */
  name: string;
  on: boolean;
}

/** Puts a pack or a rule in force, or takes it out; shown to all, for admins to use. */
export function EnableSwitch({ of, name, on }: Props) {
  const { t } = useI18n();
  const may = useRole("admin");
  const change = useSwitch();
  const hint = change.error ? explain(change.error, t) : may ? "" : t("rules.enable.role");
  return (
    <Tooltip title={hint}>
      {/* A click on the switch is none on the row. */}
      <span onClick={(event) => { event.stopPropagation(); }} role="presentation">
        <Switch
          size="small"
          checked={on}
          disabled={!may}
          loading={change.isPending}
          aria-label={t("rules.enable.label", { name })}
          onChange={(enabled) => { change.mutate({ of, enabled }); }}
        />
        {change.error && <span className="bad" role="alert"> !</span>}
      </span>
    </Tooltip>
  );
}
