package baize.probe;

import baize.probe.v1.Probe.Budgets;
import baize.probe.v1.Probe.Configure;
import baize.probe.v1.Probe.Detach;
import baize.probe.v1.Probe.Event;
import baize.probe.v1.Probe.FromProbe;
import baize.probe.v1.Probe.HookStatus;
import baize.probe.v1.Probe.ToProbe;
import baize.probe.v1.Probe.Verify;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The agent's end of the channel, with the official protobuf library. */
final class TestAgent implements AutoCloseable {
    static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final long PATIENCE_SECONDS = 60;

    private final Path directory = Files.createTempDirectory("probe");
    private final Path path = directory.resolve("s");
    private final boolean fifo;
    private ServerSocketChannel server;
    private SocketChannel channel;
    private InputStream in;
    private OutputStream out;
    private final BlockingQueue<FromProbe> frames = new LinkedBlockingQueue<>();
    /** Everything that came, in order. */
    final List<FromProbe> seen = new ArrayList<>();

    private TestAgent(boolean fifo) throws IOException {
        this.fifo = fifo;
    }

    static TestAgent overSocket() throws IOException {
        TestAgent agent = new TestAgent(false);
        agent.listen();
        return agent;
    }

    static TestAgent overFifo() throws Exception {
        TestAgent agent = new TestAgent(true);
        for (String end : List.of(".in", ".out")) {
            int status = new ProcessBuilder("mkfifo", "-m", "600", agent.path + end).start().waitFor();
            if (status != 0) {
                throw new IOException("mkfifo failed");
            }
        }
        // Read-write, so that neither side waits for the other to open.
        RandomAccessFile toProbe = new RandomAccessFile(agent.path + ".in", "rw");
        RandomAccessFile fromProbe = new RandomAccessFile(agent.path + ".out", "rw");
        agent.out = new FileOutputStream(toProbe.getFD());
        agent.in = new FileInputStream(fromProbe.getFD());
        agent.readOn();
        return agent;
    }

    void listen() throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
    }

    String arguments() {
        return "jar=" + Victim.JAR + (fifo ? ",fifo=" : ",socket=") + path + ",token=" + TOKEN;
    }

    Path path() {
        return path;
    }

    /** Waits for the probe to connect. */
    void accept() throws IOException {
        acceptWithoutReading();
        readOn();
    }

    void acceptWithoutReading() throws IOException {
        channel = server.accept();
        in = Channels.newInputStream(channel);
    }

    void readOn() {
        DataInputStream data = new DataInputStream(in);
        Thread reader = new Thread(() -> {
            try {
                while (true) {
                    byte[] frame = new byte[data.readInt()];
                    data.readFully(frame);
                    frames.add(FromProbe.parseFrom(frame));
                }
            } catch (IOException e) {
                frames.add(FromProbe.getDefaultInstance());
            }
        });
        reader.setDaemon(true);
        reader.start();
    }

    /** Attaches to the victim and waits until the hooks are installed. */
    HookStatus attach(Victim victim) throws Exception {
        victim.attach(arguments());
        if (!fifo) {
            accept();
        }
        return await(frame -> frame.hasHookStatus() && frame.getHookStatus().getComplete()).getHookStatus();
    }

    /** The next frame of which this holds; those before it are in seen. Fails when the channel ends first. */
    FromProbe await(Predicate<FromProbe> wanted) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            FromProbe frame = frames.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (frame == null) {
                throw new AssertionError("not within " + PATIENCE_SECONDS + " s; the latest: " + latest());
            }
            seen.add(frame);
            if (wanted.test(frame)) {
                return frame;
            }
            if (frame.getFrameCase() == FromProbe.FrameCase.FRAME_NOT_SET) {
                throw new AssertionError("the channel ended; the latest: " + latest());
            }
        }
    }

    /** What came last but for heartbeats, short enough to read. */
    private String latest() {
        List<FromProbe> frames = seen.stream().filter(one -> !one.hasHeartbeat()).toList();
        String text = frames.subList(Math.max(0, frames.size() - 3), frames.size()).toString();
        return text.substring(0, Math.min(4000, text.length()));
    }

    /** The next event of a hook with an argument of this value. */
    Event event(String hook, String value) throws Exception {
        return await(frame -> frame.hasEvent()
                        && frame.getEvent().getHook().equals(hook)
                        && frame.getEvent().getArgumentsList().stream().anyMatch(one -> one.getValue().equals(value)))
                .getEvent();
    }

    void awaitEnd() throws Exception {
        await(frame -> frame.getFrameCase() == FromProbe.FrameCase.FRAME_NOT_SET);
    }

    void send(ToProbe frame) throws IOException {
        byte[] bytes = frame.toByteArray();
        raw(ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array());
    }

    void raw(byte[] bytes) throws IOException {
        if (channel == null) {
            out.write(bytes);
            return;
        }
        // Not by a stream over the channel: that waits for the reader's lock.
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    void configure(Configure.Builder configure) throws IOException {
        send(ToProbe.newBuilder().setConfigure(configure).build());
    }

    /** Configures budgets that a machine short of time does not exceed, unless given, and waits until they hold. */
    void configure(String hash, Budgets.Builder budgets) throws Exception {
        budgets.setCountersMs(100).setHeartbeatMs(100);
        if (budgets.getHookMeanNs() == 0) {
            budgets.setHookMeanNs(1_000_000_000L).setHookOnceNs(60_000_000_000L);
        }
        budgets.setCpuPermille(2000);
        configure(Configure.newBuilder().setHash(hash).setBudgets(budgets));
        await(one -> one.getHeartbeat().getConfiguration().equals(hash));
    }

    void withoutLimits(String hash) throws Exception {
        configure(hash, Budgets.newBuilder());
    }

    void verify(String nonce) throws IOException {
        send(ToProbe.newBuilder().setVerify(Verify.newBuilder().setNonce(nonce)).build());
    }

    FromProbe detach() throws Exception {
        send(ToProbe.newBuilder().setDetach(Detach.newBuilder().setReason("done")).build());
        return await(FromProbe::hasDetached);
    }

    /** Closes the channel, as an agent that dies does. */
    void hangUp() throws IOException {
        if (channel != null) {
            channel.close();
        }
        if (server != null) {
            server.close();
            Files.deleteIfExists(path);
        }
        if (fifo) {
            out.close();
            in.close();
        }
    }

    @Override
    public void close() throws IOException {
        hangUp();
        for (String end : List.of("", ".in", ".out")) {
            Files.deleteIfExists(Path.of(path + end));
        }
        Files.deleteIfExists(directory);
    }
}
