package baize.probe.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Frames over a link. The probe's thread alone. */
final class Connection {
    /** The largest frame, either way. */
    static final int LONGEST_FRAME = 1 << 20;
    /** What waits for an agent that does not read; beyond it nothing more is put in. */
    private static final int MOST_WAITING = 4 << 20;

    private static final int HEADER = 4;

    private final Link link;
    private final Deque<ByteBuffer> out = new ArrayDeque<>();
    private int waiting;
    private ByteBuffer in = ByteBuffer.allocate(8192);

    Connection(Link link) {
        this.link = link;
    }

    Link link() {
        return link;
    }

    /** Whether another frame may be put in now. */
    boolean hasRoom() {
        return waiting < MOST_WAITING;
    }

    void put(byte[] frame) {
        ByteBuffer buffer = ByteBuffer.allocate(HEADER + frame.length);
        buffer.putInt(frame.length).put(frame).flip();
        out.add(buffer);
        waiting += buffer.remaining();
    }

    boolean isFlushed() {
        return out.isEmpty();
    }

    /** Writes what the agent takes now. */
    void flush() throws IOException {
        for (ByteBuffer next = out.peek(); next != null; next = out.peek()) {
            int before = next.remaining();
            link.write(next);
            waiting -= before - next.remaining();
            if (next.hasRemaining()) {
                if (next.remaining() == before) {
                    return;
                }
                continue;
            }
            out.remove();
        }
    }

    /** The next whole frame, or null if there is none yet. An agent that is gone is an IOException. */
    byte[] take() throws IOException, Reader.Malformed {
        byte[] frame = cut();
        if (frame != null) {
            return frame;
        }
        int count = link.read(in);
        if (count < 0) {
            throw new IOException("the agent closed the channel");
        }
        return count == 0 ? null : cut();
    }

    private byte[] cut() throws Reader.Malformed {
        if (in.position() < HEADER) {
            return null;
        }
        int length = in.getInt(0);
        if (length < 1 || length > LONGEST_FRAME) {
            throw new Reader.Malformed("a frame of " + (length & 0xffffffffL) + " bytes");
        }
        if (in.position() < HEADER + length) {
            if (in.capacity() < HEADER + length) {
                in.flip();
                in = ByteBuffer.allocate(HEADER + length).put(in);
            }
            return null;
        }
        byte[] frame = new byte[length];
        in.flip().position(HEADER);
        in.get(frame);
        in.compact();
        return frame;
    }
}
