package baize.probe.core;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

/** What the process is, as it sees itself, and which probe this is. */
final class Machine {
    private static final int START_TICKS = 22;

    final long pid;
    final long startTicks;
    final String probeVersion;
    final String probeHash;

    Machine(String jar) throws IOException {
        pid = pid();
        startTicks = startTicks();
        probeVersion = version();
        probeHash = StackHash.hex(StackHash.sha256(Files.readAllBytes(Paths.get(jar))));
    }

    private static long pid() {
        try {
            return Long.parseLong(Files.readSymbolicLink(Paths.get("/proc/self")).toString());
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    private static long startTicks() {
        try {
            String stat = new String(Files.readAllBytes(Paths.get("/proc/self/stat")), Wire.UTF8);
            // The name before the last parenthesis may hold anything; the third field follows it.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return Long.parseLong(fields[START_TICKS - 3]);
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    private static String version() throws IOException {
        try (InputStream in = Machine.class.getClassLoader().getResourceAsStream("META-INF/MANIFEST.MF")) {
            return in == null ? "" : new Manifest(in).getMainAttributes().getValue(Attributes.Name.IMPLEMENTATION_VERSION);
        }
    }

    /** CPU time of a thread of this process in nanoseconds, 0 if it cannot be read. */
    static long cpuNs(long tid) {
        try {
            byte[] schedstat = Files.readAllBytes(Paths.get("/proc/self/task/" + tid + "/schedstat"));
            String text = new String(schedstat, Wire.UTF8);
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }
}
