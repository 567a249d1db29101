package baize.probe.core;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A unix stream socket, by reflection: Java has them from 16 on. */
final class SocketLink implements Link {
    private final SocketChannel channel;

    SocketLink(String path) throws IOException {
        channel = open();
        try {
            channel.connect(address(path));
            channel.configureBlocking(false);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    static boolean isSupported() {
        try {
            Class.forName("java.net.UnixDomainSocketAddress");
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static SocketChannel open() throws IOException {
        return (SocketChannel) call(
                SocketChannel.class, "open", ProtocolFamily.class, StandardProtocolFamily.valueOf("UNIX"));
    }

    private static SocketAddress address(String path) throws IOException {
        try {
            Class<?> type = Class.forName("java.net.UnixDomainSocketAddress");
            return (SocketAddress) call(type, "of", String.class, path);
        } catch (ClassNotFoundException e) {
            throw new IOException(e);
        }
    }

    private static Object call(Class<?> type, String method, Class<?> parameter, Object argument) throws IOException {
        try {
            return type.getMethod(method, parameter).invoke(null, argument);
        } catch (InvocationTargetException e) {
            throw new IOException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IOException(e);
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return channel.read(into);
    }

    @Override
    public void write(ByteBuffer from) throws IOException {
        channel.write(from);
    }

    @Override
    public String name() {
        return "socket";
    }

    @Override
    public boolean canReopen() {
        return true;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
    }
}
