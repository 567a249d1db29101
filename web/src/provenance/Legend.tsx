import { named, useI18n } from "../i18n";
import { outline, Sign } from "./shapes";
import { nodeHeight } from "./layout";

const types = ["process", "file", "socket", "domain"] as const;
const roles = ["alert", "entry", "persistence", "brought", "sensitive", "peer", "hub"] as const;

/** What shapes and colours mean. */
export function Legend() {
  const { t } = useI18n();
  return (
    <ul className="plain legend">
      {types.map((type) => (
        <li key={type}>
          <svg width={44} height={20} viewBox={`-2 -2 92 ${nodeHeight + 4}`} aria-hidden="true">
            <g className={`gnode gnode-${type}`}>
              <path className="shape" d={outline({ node: { id: "", type, label: "" }, x: 0, y: 0, width: 88, height: nodeHeight })} />
              <g transform="translate(26,0)"><Sign type={type} /></g>
            </g>
          </svg>
          {named(t, "node", type)}
        </li>
      ))}
      {roles.map((role) => (
        <li key={role}>
          <i className={`swatch grole-${role}`} aria-hidden="true" />
          {named(t, "role", role)}
        </li>
      ))}
    </ul>
  );
}
