package baize.probe.core;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The channel to the agent. Neither way waits, but for a FIFO that is full. */
interface Link extends Closeable {
    /** Reads what is there; 0 for nothing, -1 for the end. */
    int read(ByteBuffer into) throws IOException;

    /** Writes what there is room for. */
    void write(ByteBuffer from) throws IOException;

    /** "socket" or "fifo". */
    String name();

    /** Whether another link to the same agent can be opened after this one ended. */
    boolean canReopen();

    @Override
    void close();

    /** Opens what the arguments name and this JVM has. */
    static Link open(Arguments arguments) throws IOException {
        if (arguments.socket != null && SocketLink.isSupported()) {
            return new SocketLink(arguments.socket);
        }
        if (arguments.fifo == null) {
            throw new IOException("this JVM has no unix sockets, and no fifo is given");
        }
        return new FifoLink(arguments.fifo);
    }
}
