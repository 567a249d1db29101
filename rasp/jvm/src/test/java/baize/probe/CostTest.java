package baize.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import baize.probe.v1.Probe.Budgets;
import baize.probe.v1.Probe.Event;
import baize.probe.v1.Probe.FromProbe;
import baize.probe.v1.Probe.Heartbeat;
import baize.probe.v1.Probe.HookCost;
import baize.probe.v1.Probe.HookState;
import baize.probe.v1.Probe.HookStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Repeats are counted, what is too much is said, and a hook that costs too much ends itself. */
class CostTest {
    @TempDir
    Path directory;

    /** Repeats of an event that counters have told since the agent began. */
    private static long counted(TestAgent agent, long event) {
        return agent.seen.stream()
                .flatMap(one -> one.getCounters().getCountersList().stream())
                .filter(one -> one.getEvent() == event)
                .mapToLong(one -> one.getCount() + one.getWithoutStack())
                .sum();
    }

    @Test
    void repeatsAreCountedExactly() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure("exact", Budgets.newBuilder());
            Path file = Files.writeString(directory.resolve("f"), "x");
            victim.ask("many 50000 read " + file);
            Event event = agent.event("file.open", file.toString());
            agent.await(frame -> counted(agent, event.getId()) >= 49_999);
            assertEquals(49_999, counted(agent, event.getId()));
            Heartbeat beat = agent.await(FromProbe::hasHeartbeat).getHeartbeat();
            HookCost cost = cost(beat, "file.open");
            assertTrue(cost.getCalls() >= 50_000, cost.toString());
            assertEquals(0, cost.getLost());
            assertEquals(cost.getCalls(), cost.getEvents() + cost.getRepeats(), cost.toString());
            assertTrue(beat.getCpuNs() > 0 && beat.getHeapMax() >= beat.getHeapUsed(), beat.toString());
            assertEquals("", beat.getBreaker());
            assertEquals(0, beat.getExceptions(), beat.getLastException());
        }
    }

    private static HookCost cost(Heartbeat beat, String hook) {
        return beat.getHooksList().stream()
                .filter(one -> one.getHook().equals(hook))
                .findFirst()
                .orElseThrow();
    }

    /** The list of files that were read stays complete, also when one of them is read all the time. */
    @Test
    void newArgumentsAreSeenBesideALoudOne() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure("loud", Budgets.newBuilder().setStacksPerSecond(1).setStacksPerSecondOne(1));
            Path loud = Files.writeString(directory.resolve("loud"), "x");
            for (int i = 0; i < 50; i++) {
                victim.ask("many 1000 read " + loud);
                Path rare = Files.writeString(directory.resolve("rare" + i), "x");
                victim.ask("read " + rare);
                agent.event("file.open", rare.toString());
            }
        }
    }

    @Test
    void anotherWayToTheSameFileIsSeen() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure("ways", Budgets.newBuilder());
            Path file = Files.writeString(directory.resolve("f"), "x");
            victim.ask("many 10 read " + file);
            String first = agent.event("file.open", file.toString()).getStack().getHash();
            victim.ask("read.reflect " + file);
            Event second = agent.event("file.open", file.toString());
            assertTrue(!first.equals(second.getStack().getHash()), "the same stack again");
        }
    }

    @Test
    void whatFindsNoRoomIsSaid() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure("few", Budgets.newBuilder().setEventsPerSecond(1));
            victim.ask("flood 3000 " + directory);
            FromProbe frame = agent.await(one -> one.getCounters().getOverflowsCount() > 0);
            assertEquals("file.list", frame.getCounters().getOverflows(0).getHook());
            assertTrue(frame.getCounters().getOverflows(0).getActs() > 0);
            Heartbeat beat = agent.await(one -> cost(one.getHeartbeat(), "file.list").getLost() > 0).getHeartbeat();
            assertTrue(beat.getQueued() <= beat.getQueueSize(), beat.toString());
        }
    }

    @Test
    void aHookPastItsBudgetEndsItselfUntilItIsConfiguredAgain() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0)); TestAgent agent = TestAgent.overSocket()) {
            agent.attach(victim);
            agent.configure("dear", Budgets.newBuilder().setHookMeanNs(1));
            Path file = Files.writeString(directory.resolve("f"), "x");
            victim.ask("many 5000 read " + file);
            HookStatus status = agent.await(one -> state(one.getHookStatus(), "file.open") == HookState.HOOK_STATE_OVER_BUDGET)
                    .getHookStatus();
            assertTrue(status.toString().contains("at the mean, past 1"), status.toString());
            agent.configure("again", Budgets.newBuilder());
            Path other = Files.writeString(directory.resolve("g"), "x");
            victim.ask("read " + other);
            agent.event("file.open", other.toString());
        }
    }

    private static HookState state(HookStatus status, String hook) {
        return status.getHooksList().stream()
                .filter(one -> one.getName().equals(hook))
                .map(one -> one.getState())
                .findFirst()
                .orElse(HookState.HOOK_STATE_UNSPECIFIED);
    }

    /** An agent that does not read costs neither the application's time nor its memory. */
    @Test
    void anAgentThatDoesNotReadHoldsNobodyUp() throws Exception {
        try (Victim victim = new Victim(Jdk.all().get(0), "-Xmx64m"); TestAgent agent = TestAgent.overSocket()) {
            victim.attach(agent.arguments());
            agent.acceptWithoutReading();
            for (int i = 0; i < 40; i++) {
                String answer = victim.ask("flood 1000 " + directory);
                assertTrue(answer.startsWith("ok"), answer);
            }
            agent.readOn();
            agent.await(one -> one.getHeartbeat().getHeartbeatsSkipped() >= 0 && one.hasHeartbeat());
            agent.detach();
        }
    }
}
