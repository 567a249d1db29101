package baize.probe.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.security.ProtectionDomain;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * Defines {@link BaizeSpy} by the boot loader. Not by a jar on the boot class path: that prints a warning on
 * the application's standard error, and a package of java.base is not looked for there.
 */
final class Spy {
    private static final String NAME = "java.lang.BaizeSpy";

    private Spy() {}

    /** Once in the life of a JVM; later loads find it. */
    static void define(Instrumentation instrumentation) throws ReflectiveOperationException, IOException {
        try {
            Class.forName(NAME, false, null);
            return;
        } catch (ClassNotFoundException e) {
            // The first load.
        }
        byte[] code = code();
        Class<?> unsafe;
        if (System.getProperty("java.specification.version").startsWith("1.")) {
            unsafe = Class.forName("sun.misc.Unsafe");
        } else {
            open(instrumentation);
            unsafe = Class.forName("jdk.internal.misc.Unsafe");
        }
        Field field = null;
        for (Field candidate : unsafe.getDeclaredFields()) {
            if (candidate.getType() == unsafe) {
                field = candidate;
            }
        }
        if (field == null) {
            throw new NoSuchFieldException(unsafe.getName() + " has no instance");
        }
        field.setAccessible(true);
        Method define = unsafe.getMethod(
                "defineClass", String.class, byte[].class, int.class, int.class, ClassLoader.class, ProtectionDomain.class);
        define.invoke(field.get(null), NAME.replace('.', '/'), code, 0, code.length, null, null);
    }

    /** Opens jdk.internal.misc to the probe's own module, by reflection because Java 8 has no modules. */
    private static void open(Instrumentation instrumentation) throws ReflectiveOperationException {
        Class<?> module = Class.forName("java.lang.Module");
        Method moduleOf = Class.class.getMethod("getModule");
        Object base = moduleOf.invoke(Object.class);
        Map<String, Set<Object>> opens =
                Collections.singletonMap("jdk.internal.misc", Collections.singleton(moduleOf.invoke(Spy.class)));
        Instrumentation.class
                .getMethod("redefineModule", module, Set.class, Map.class, Map.class, Set.class, Map.class)
                .invoke(
                        instrumentation,
                        base,
                        Collections.emptySet(),
                        opens,
                        opens,
                        Collections.emptySet(),
                        Collections.emptyMap());
    }

    private static byte[] code() throws IOException {
        try (InputStream in = Spy.class.getClassLoader().getResourceAsStream(NAME.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new IOException("the jar has no " + NAME);
            }
            return read(in);
        }
    }

    static byte[] read(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            out.write(buffer, 0, n);
        }
        return out.toByteArray();
    }
}
