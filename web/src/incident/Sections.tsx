import { useI18n } from "../i18n";

const sections = ["account", "provenance", "reasons", "tree", "timeline", "cluster", "alerts", "entities", "decisions"] as const;

/** The way to each section of the page; it stays in sight. */
export function Sections() {
  const { t } = useI18n();
  return (
    <nav className="sections" aria-label={t("incident.sections")}>
      {sections.map((section) => (
        <a key={section} href={`#${section}`}>
          {t(`incident.${section}`)}
        </a>
      ))}
    </nav>
  );
}
