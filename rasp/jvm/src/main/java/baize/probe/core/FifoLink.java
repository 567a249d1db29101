package baize.probe.core;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;

/** A pair of FIFOs that the agent made and holds open, for JVMs without unix sockets. */
final class FifoLink implements Link {
    /** Linux takes writes up to this size whole, so one of them waits no longer than the agent does not read. */
    private static final int PIPE_BUF = 4096;

    private final FileInputStream in;
    private final FileChannel out;

    FifoLink(String path) throws IOException {
        requireFifo(path + ".in");
        requireFifo(path + ".out");
        // Without CREATE: a file of that name must not come into being.
        out = FileChannel.open(Paths.get(path + ".out"), StandardOpenOption.WRITE);
        try {
            in = new FileInputStream(path + ".in");
        } catch (IOException e) {
            out.close();
            throw e;
        }
    }

    private static void requireFifo(String path) throws IOException {
        File file = new File(path);
        if (!file.exists() || file.isFile() || file.isDirectory()) {
            throw new IOException(path + " is not a FIFO");
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int available = Math.min(in.available(), into.remaining());
        if (available == 0) {
            return 0;
        }
        byte[] bytes = new byte[available];
        int count = in.read(bytes);
        if (count > 0) {
            into.put(bytes, 0, count);
        }
        return count;
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        ByteBuffer part = from.duplicate();
        part.limit(Math.min(from.limit(), from.position() + PIPE_BUF));
        out.write(part);
        from.position(part.position());
    }

    @Override
    public String name() {
        return "fifo";
    }

    @Override
    public boolean canReopen() {
        return false;
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
        try {
            in.close();
        } catch (IOException e) {
            // So is this one.
        }
    }
}
