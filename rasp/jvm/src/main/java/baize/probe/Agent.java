package baize.probe;

import java.lang.instrument.Instrumentation;

/**
 * Where HotSpot enters when the jar is loaded into a running JVM. Classes of the system loader are never
 * unloaded, so all that happens here is to hand over to a loader that is thrown away, from the jar that the
 * arguments name: this class may be of an older version of the probe.
 */
public final class Agent {
    private Agent() {}

    /** @param arguments see {@code proto/baize/probe/v1/probe.proto} */
    public static void agentmain(String arguments, Instrumentation instrumentation) throws Exception {
        String jar = null;
        for (String pair : String.valueOf(arguments).split(",")) {
            if (pair.startsWith("jar=")) {
                jar = pair.substring(4);
            }
        }
        if (jar == null) {
            throw new IllegalArgumentException("baize probe: the argument jar is missing");
        }
        new Loader(jar)
                .loadClass("baize.probe.core.Start")
                .getMethod("start", String.class, Instrumentation.class)
                .invoke(null, arguments, instrumentation);
    }
}
