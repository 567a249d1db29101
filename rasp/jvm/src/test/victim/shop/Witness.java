package shop;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.ProtectionDomain;
import java.util.Base64;

/** Another Java agent: writes down the bytes that a class has when it is its turn. */
public final class Witness {
    private Witness() {}

    /** @param arguments CLASS=FILE */
    public static void agentmain(String arguments, Instrumentation instrumentation) throws Exception {
        final String[] words = arguments.split("=");
        final String[] seen = new String[1];
        ClassFileTransformer transformer = new ClassFileTransformer() {
            @Override
            public byte[] transform(ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] code) {
                if (name.replace('/', '.').equals(words[0])) {
                    seen[0] = Base64.getEncoder().encodeToString(code);
                }
                return null;
            }
        };
        instrumentation.addTransformer(transformer, true);
        try {
            instrumentation.retransformClasses(Class.forName(words[0]));
        } finally {
            instrumentation.removeTransformer(transformer);
        }
        Files.write(Paths.get(words[1]), seen[0].getBytes(StandardCharsets.UTF_8));
    }
}
