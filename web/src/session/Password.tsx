import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { ApiError, put } from "../api/http";
import type { Me } from "../api/types";
import { useI18n } from "../i18n";
import { explain } from "../ui/State";
import { Front } from "./Front";
import { useSession } from "./session";

/** The server's rule for passwords, in bytes. */
const shortest = 10;

interface Values {
  password: string;
  again: string;
}

/** Asks for a password of one's own after a sign-in with a one-time one. */
export function Password({ me }: { me: Me }) {
  const { t } = useI18n();
  const { check } = useSession();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Error>();

  const submit = (values: Values) => {
    setBusy(true);
    put("/me/password", { new: values.password })
      .then(check)
      .catch((error: unknown) => { setFailure(error as Error); })
      .finally(() => { setBusy(false); });
  };
  return (
    <Front title={t("password.title")}>
      <div className="front-note" aria-live="assertive">
        {failure ? (
          <Alert type="error" showIcon title={failure instanceof ApiError ? failure.detail : explain(failure, t)} />
        ) : (
          <p className="muted">{t("password.why")}</p>
        )}
      </div>
      <Form<Values> layout="vertical" size="large" requiredMark={false} onFinish={submit} disabled={busy}>
        <input type="text" name="username" autoComplete="username" value={me.name} readOnly hidden />
        <Form.Item label={t("password.new")} name="password" rules={[{ required: true, min: shortest, message: t("password.rule", { n: shortest }) }]}>
          <Input.Password autoComplete="new-password" autoFocus />
        </Form.Item>
        <Form.Item
          label={t("password.again")}
          name="again"
          dependencies={["password"]}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, value) =>
                value === getFieldValue("password") ? Promise.resolve() : Promise.reject(new Error(t("password.differ"))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t("password.submit")}
        </Button>
      </Form>
    </Front>
  );
}
