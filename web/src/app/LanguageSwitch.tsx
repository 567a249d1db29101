import { Button } from "antd";
import { useI18n } from "../i18n";

/** Changes to the other language; it is labelled in that language. */
export function LanguageSwitch() {
  const { language, setLanguage, t } = useI18n();
  const other = language === "en" ? "zh" : "en";
  return (
    <Button
      type="text"
      size="small"
      className="language"
      lang={other === "zh" ? "zh-CN" : "en"}
      aria-label={t("lang.switch.label")}
      onClick={() => { setLanguage(other); }}
    >
      {t("lang.switch")}
    </Button>
  );
}
