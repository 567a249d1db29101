package baize.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** In and out, again and again: BAIZE_PROBE_CYCLES says how often, 50 without it. */
class CyclesTest {
    private static final int CYCLES = Integer.parseInt(System.getenv().getOrDefault("BAIZE_PROBE_CYCLES", "50"));
    /** Bytes that may be in use more at the end for each cycle. Not none yet: see docs/probes.md. */
    private static final long METASPACE = 200 << 10;

    @TempDir
    Path directory;

    static List<Jdk> jdks() throws IOException {
        return Jdk.all();
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void nothingGrows(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk, "-XX:+UseSerialGC")) {
            for (int i = 0; i < 5; i++) {
                cycle(victim, "warm" + i);
            }
            long metaspace = metaspace(victim);
            String threads = victim.ask("threads");
            int descriptors = victim.descriptors().size();
            for (int i = 0; i < CYCLES; i++) {
                cycle(victim, "c" + i);
            }
            long grown = metaspace(victim) - metaspace;
            System.out.println(jdk + ": metaspace grew by " + grown + " bytes in " + CYCLES + " cycles");
            assertTrue(grown < METASPACE * CYCLES, "metaspace grew by " + grown + " bytes in " + CYCLES + " cycles");
            assertEquals(threads, victim.ask("threads"));
            assertEquals(descriptors, victim.descriptors().size());
        }
    }

    private void cycle(Victim victim, String name) throws Exception {
        try (TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Path file = Files.writeString(directory.resolve(name), "x");
            victim.ask("read.lambda " + file);
            agent.event("file.open", file.toString());
            agent.detach();
            agent.awaitEnd();
            AttachTest.awaitNoThread(victim);
        }
    }

    private static long metaspace(Victim victim) throws IOException {
        return Long.parseLong(victim.ask("collect").substring("ok ".length()));
    }
}
