package baize.probe.core;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The probe in one JVM: from the load to the moment when nothing of it is left. All of its work is done by one
 * daemon thread, which the application's threads never wait for and never wake.
 */
final class Probe implements Runnable {
    /** How long an act waits at most until the thread looks; the price of never waking it. */
    private static final long PAUSE_NS = 50_000_000;

    private static final long SECOND_NS = 1_000_000_000;
    private static final long FIRST_CONNECT_NS = 5 * SECOND_NS;
    /** How long Detached may take to reach an agent that does not read. */
    private static final long FAREWELL_NS = SECOND_NS;

    private final Arguments arguments;
    private final Machine machine;
    private final String nonce;
    private final Catalog catalog = new Catalog();
    private final States states = new States(catalog);
    private final Gate gate = new Gate(catalog);
    private final Stacks stacks;
    private final Reports reports;
    private final Instrumenter instrumenter;
    private final Breaker breaker = new Breaker();

    private Connection connection;
    private int connections;
    private long tid;
    private boolean installed;
    private String configuration = "";
    /** Why the probe leaves; null while it stays. */
    private String leaving;
    private long skippedHeartbeats;
    private String lastStates = "";
    private long lastTick;
    private long nextSecond;
    private long nextCounters;
    private long nextHeartbeat;

    private Probe(Arguments arguments, Instrumentation instrumentation) throws IOException {
        this.arguments = arguments;
        machine = new Machine(arguments.jar);
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        nonce = StackHash.hex(random);
        stacks = new Stacks(catalog, new Origins(instrumentation));
        reports = new Reports(catalog, gate, stacks);
        instrumenter = new Instrumenter(instrumentation, catalog, gate);
    }

    /** Starts the probe, or tells the agent that there is one, and returns. */
    static void start(Arguments arguments, Instrumentation instrumentation) throws IOException {
        Probe probe = new Probe(arguments, instrumentation);
        synchronized (BaizeSpy.class) {
            if (BaizeSpy.handler == null) {
                BaizeSpy.handler = probe.gate;
            } else {
                // Not by an exception: HotSpot prints those, and more, on the application's standard error.
                probe.leaving = "another probe is attached";
            }
        }
        Thread thread = new Thread(root(), probe, "baize-probe");
        thread.setDaemon(true);
        // The thread that loads may work for an application of several in this JVM.
        thread.setContextClassLoader(null);
        probe.gate.ownedBy(thread);
        thread.start();
    }

    private static ThreadGroup root() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }

    @Override
    public void run() {
        if (leaving != null) {
            turnBack();
            return;
        }
        try {
            tid = Threads.readTid();
            if (connect(FIRST_CONNECT_NS)) {
                install();
                while (leaving == null) {
                    round();
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        } catch (Throwable e) {
            leaving = "failed: " + e;
        } finally {
            leave();
        }
    }

    private void turnBack() {
        try {
            connection = new Connection(Link.open(arguments));
            connection.put(Messages.failure("attach", leaving));
            farewell();
        } catch (IOException e) {
            // The agent is gone, and so is this probe.
        }
        close();
    }

    /** Connects within a time, or gives up: then the probe leaves. */
    private boolean connect(long within) {
        long end = System.nanoTime() + within;
        do {
            try {
                connection = new Connection(Link.open(arguments));
                connections++;
                connection.put(Messages.hello(arguments, machine, nonce, connections, connection.link().name()));
                connection.flush();
                if (installed) {
                    reports.forget();
                    tellState();
                }
                return true;
            } catch (IOException e) {
                close();
            }
            LockSupport.parkNanos(10 * PAUSE_NS);
        } while (System.nanoTime() < end);
        leaving = "no agent";
        return false;
    }

    private void close() {
        if (connection != null) {
            connection.link().close();
            connection = null;
        }
    }

    private void install() throws IOException {
        connection.put(Messages.hookStatus(catalog, states, false));
        connection.flush();
        instrumenter.install();
        installed = true;
        lastTick = System.nanoTime();
        nextSecond = lastTick;
        tellState();
    }

    /** What an agent must know that has just come. */
    private void tellState() {
        connection.put(Messages.hookStatus(catalog, states, true));
        lastStates = stateLine();
        nextCounters = System.nanoTime() + gate.budgets.countersMs * 1_000_000;
        nextHeartbeat = System.nanoTime();
    }

    private void round() {
        try {
            for (byte[] frame = connection.take(); frame != null && leaving == null; frame = connection.take()) {
                obey(frame);
            }
            work(System.nanoTime());
            connection.flush();
        } catch (IOException e) {
            lost();
        } catch (Reader.Malformed e) {
            refuse("channel", e.getMessage());
            lost();
        }
    }

    private void lost() {
        boolean again = connection.link().canReopen();
        close();
        if (!again) {
            leaving = "no agent";
        } else {
            connect(arguments.graceSeconds * SECOND_NS);
        }
    }

    private void work(long now) {
        reports.refill(now - lastTick);
        lastTick = now;
        if (now >= nextSecond) {
            nextSecond = now + SECOND_NS;
            eachSecond();
        }
        reports.drain(connection);
        if (now >= nextCounters && connection.hasRoom()) {
            nextCounters = now + gate.budgets.countersMs * 1_000_000;
            reports.count(connection);
        }
        if (now >= nextHeartbeat) {
            nextHeartbeat = now + gate.budgets.heartbeatMs * 1_000_000;
            if (connection.hasRoom()) {
                beat();
            } else {
                skippedHeartbeats++;
            }
        }
    }

    private void eachSecond() {
        gate.now++;
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory();
        int heapPercent = (int) (used * 100 / runtime.maxMemory());
        gate.breaker(breaker.look(Machine.cpuNs(tid), heapPercent, gate.queued() >= Gate.QUEUE, gate.budgets));
        String line = stateLine();
        if (!line.equals(lastStates) && connection.hasRoom()) {
            lastStates = line;
            connection.put(Messages.hookStatus(catalog, states, true));
        }
    }

    /** Changes whenever HookStatus would. */
    private String stateLine() {
        StringBuilder line = new StringBuilder();
        for (Hook hook : catalog.hooks.values()) {
            line.append(states.of(hook).state).append(' ');
        }
        for (Point point : catalog.points) {
            line.append(point.classes()).append(' ');
        }
        return line.toString();
    }

    private void beat() {
        long cpu = Machine.cpuNs(tid);
        connection.put(Messages.heartbeat(catalog, states, gate, configuration, skippedHeartbeats, cpu));
    }

    private void obey(byte[] frame) throws Reader.Malformed {
        Reader reader = new Reader(frame);
        for (int field = reader.next(); field != 0; field = reader.next()) {
            switch (field) {
                case 1:
                    configure(reader.message());
                    break;
                case 2:
                    verify(text(reader.message()));
                    break;
                case 3:
                    leaving = text(reader.message());
                    break;
                default:
                    reader.skip();
            }
        }
    }

    /** The first field of a message, which Verify and Detach have alone. */
    private static String text(Reader message) throws Reader.Malformed {
        String text = "";
        for (int field = message.next(); field != 0; field = message.next()) {
            if (field == 1) {
                text = message.text();
            } else {
                message.skip();
            }
        }
        return Wire.cut(text, 1024);
    }

    private void configure(Reader message) {
        try {
            Configuration next = Configuration.read(message, catalog);
            for (Hook hook : catalog.hooks.values()) {
                hook.configure(next.hooksOff.contains(hook.name));
            }
            gate.budgets = next.budgets;
            stacks.business(next.business);
            configuration = next.hash;
            tellState();
        } catch (Reader.Malformed e) {
            refuse("configure", e.getMessage());
        }
    }

    private void refuse(String place, String reason) {
        connection.put(Messages.failure(place, reason));
        try {
            connection.flush();
        } catch (IOException e) {
            // Then nobody is there to be told.
        }
    }

    private void verify(String text) throws Reader.Malformed {
        if (text.isEmpty() || text.length() > 64) {
            refuse("verify", "the nonce has not 1 to 64 characters");
            return;
        }
        List<SelfTest.Check> checks = new SelfTest(catalog, gate).run(text);
        reports.drain(connection);
        connection.put(Messages.verified(text, checks));
        lastStates = "";
    }

    /** Hooks first, so that nothing comes any more; then the classes; then word of it. */
    private void leave() {
        gate.shut();
        BaizeSpy.handler = null;
        Instrumenter.Restored restored = instrumenter.restore();
        if (connection != null) {
            try {
                connection.put(Messages.detached(leaving == null ? "" : leaving, restored));
                farewell();
            } catch (IOException e) {
                // The agent does not want to hear it.
            }
            close();
        }
    }

    /** Waits a while for the agent to take what was put in. */
    private void farewell() throws IOException {
        long end = System.nanoTime() + FAREWELL_NS;
        connection.flush();
        while (!connection.isFlushed() && System.nanoTime() < end) {
            LockSupport.parkNanos(PAUSE_NS / 10);
            connection.flush();
        }
    }
}
