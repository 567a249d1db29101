package baize.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import baize.probe.v1.Probe.Detached;
import baize.probe.v1.Probe.Event;
import baize.probe.v1.Probe.FromProbe;
import baize.probe.v1.Probe.Hello;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Into a running JVM, and out again. */
class AttachTest {
    static List<Jdk> jdks() throws IOException {
        return Jdk.all();
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void helloSaysWhoSpeaks(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            Hello hello = agent.seen.get(0).getHello();
            assertEquals(TestAgent.TOKEN, hello.getToken());
            assertEquals(victim.pid(), hello.getPid());
            assertEquals(startTicks(victim), hello.getStartTicks());
            assertTrue(hello.getRuntimeVersion().startsWith(jdk.version() == 8 ? "1.8" : "" + jdk.version()), hello.toString());
            assertEquals("socket", hello.getChannel());
            assertEquals(1, hello.getConnection());
        }
    }

    private static long startTicks(Victim victim) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + victim.pid() + "/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]);
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void leavesNothingBehind(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk)) {
            String hash = once(victim);
            String threads = victim.ask("threads");
            List<String> descriptors = victim.descriptors();
            assertFalse(threads.contains("baize"), threads);
            assertEquals(hash, once(victim), "attached again, the same stack has the same hash");
            assertEquals(threads, victim.ask("threads"));
            assertEquals(descriptors.size(), victim.descriptors().size(), () -> descriptors + " became others");
        }
    }

    /** Attaches, sees a file read, detaches; returns the hash of its stack. */
    private static String once(Victim victim) throws Exception {
        try (TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            victim.ask("read /etc/hostname");
            Event event = agent.event("file.open", "/etc/hostname");
            Detached detached = agent.detach().getDetached();
            assertEquals("done", detached.getReason());
            assertEquals(List.of(), detached.getNotRestoredList());
            assertTrue(detached.getRestored() > 5, detached.toString());
            agent.awaitEnd();
            awaitNoThread(victim);
            victim.ask("read /etc/passwd");
            return event.getStack().getHash();
        }
    }

    /** The connection ends a moment before its thread does. */
    static void awaitNoThread(Victim victim) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (victim.ask("threads").contains("baize-probe")) {
            assertTrue(System.nanoTime() < end, "the probe's thread stays");
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void takesItsCallsOutOfClassesAgain(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk)) {
            assertFalse(victim.code("java.io.FileInputStream").contains("BaizeSpy"));
            try (TestAgent agent = TestAgent.overSocket()) {
                agent.attach(victim);
                assertTrue(victim.code("java.io.FileInputStream").contains("BaizeSpy"), "another agent sees the call");
                agent.detach();
                agent.awaitEnd();
            }
            assertFalse(victim.code("java.io.FileInputStream").contains("BaizeSpy"));
        }
    }

    @Test
    void aSecondProbeTurnsBack() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0));
                TestAgent first = TestAgent.overSocket();
                TestAgent second = TestAgent.overSocket()) {
            first.attach(victim);
            victim.attach(second.arguments());
            second.accept();
            FromProbe failure = second.await(FromProbe::hasFailure);
            assertEquals("attach", failure.getFailure().getPlace());
            second.awaitEnd();
            victim.ask("read /etc/hostname");
            first.event("file.open", "/etc/hostname");
            assertEquals("", silent(victim));
        }
    }

    /** What the victim wrote on its standard error, less what HotSpot says of every agent from Java 21 on. */
    private static String silent(Victim victim) throws IOException {
        StringBuilder rest = new StringBuilder();
        victim.errors().lines().filter(line -> !line.startsWith("WARNING: ")).forEach(rest::append);
        return rest.toString();
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void writesNothingOnTheApplicationsStandardError(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.verify("quiet");
            agent.await(FromProbe::hasVerified);
            agent.detach();
            agent.awaitEnd();
            String errors = victim.errors();
            assertEquals("", silent(victim));
            assertFalse(errors.contains("restricted") || errors.contains("Sharing is only supported"), errors);
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void speaksOverFifos(Jdk jdk) throws Exception {
        try (Victim victim = new Victim(jdk); TestAgent agent = TestAgent.overFifo()) {
            agent.attach(victim);
            assertEquals("fifo", agent.seen.get(0).getHello().getChannel());
            victim.ask("read /etc/hostname");
            agent.event("file.open", "/etc/hostname");
            assertEquals("done", agent.detach().getDetached().getReason());
            awaitNoThread(victim);
            assertEquals(0, victim.descriptors().stream().filter(one -> one.contains(agent.path().toString())).count());
        }
    }

    @Test
    void badArgumentsAreRefused() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            IOException refused =
                    assertThrows(IOException.class, () -> victim.attach(agent.arguments().replace("token=0", "token=")));
            assertTrue(refused.getMessage().contains("token is not 32 hex digits"), refused.getMessage());
            agent.attach(victim);
        }
    }

    @Test
    void leavesWhenTheAgentDoesNotComeBack() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            victim.attach(agent.arguments() + ",grace=1");
            agent.accept();
            agent.await(frame -> frame.hasHookStatus() && frame.getHookStatus().getComplete());
            agent.hangUp();
            awaitNoThread(victim);
            assertTrue(victim.ask("read /etc/hostname").startsWith("ok"));
            assertEquals("", silent(victim));
        }
    }

    @Test
    void leavesWhenTheFifosAreClosed() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overFifo()) {
            agent.attach(victim);
            agent.hangUp();
            victim.ask("read /etc/hostname");
            awaitNoThread(victim);
            assertTrue(victim.ask("read /etc/hostname").startsWith("ok"));
        }
    }

    @Test
    void findsAnAgentThatWasRestarted() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            String nonce = agent.seen.get(0).getHello().getNonce();
            victim.ask("read /etc/hostname");
            agent.event("file.open", "/etc/hostname");
            agent.hangUp();
            agent.awaitEnd();
            agent.listen();
            agent.accept();
            Hello hello = agent.await(frame -> frame.hasHello()).getHello();
            assertEquals(nonce, hello.getNonce());
            assertEquals(2, hello.getConnection());
            agent.await(frame -> frame.hasHookStatus() && frame.getHookStatus().getComplete());
            victim.ask("read /etc/hostname");
            agent.event("file.open", "/etc/hostname");
        }
    }

    @Test
    void aMalformedFrameEndsTheConnectionAndIsReported() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.raw(new byte[] {0x7f, 0, 0, 0});
            FromProbe failure = agent.await(FromProbe::hasFailure);
            assertEquals("channel", failure.getFailure().getPlace());
            assertTrue(failure.getFailure().getReason().contains("2130706432 bytes"), failure.toString());
            agent.awaitEnd();
            agent.accept();
            agent.await(FromProbe::hasHello);
            agent.raw(new byte[] {0, 0, 0, 2, 0x0a, 0x7f});
            assertEquals("channel", agent.await(FromProbe::hasFailure).getFailure().getPlace());
            assertTrue(victim.ask("read /etc/hostname").startsWith("ok"));
        }
    }
}
