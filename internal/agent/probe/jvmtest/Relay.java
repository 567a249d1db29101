import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * An agent that passes on what the test says, so that what the agent under test
 * hears comes from this process. It connects to the test at 127.0.0.1 (port in
 * the property relay.port) for each connection that it makes, and ends when the
 * test takes none.
 */
public final class Relay {
  private Relay() {}

  public static void agentmain(String arguments) {
    System.out.println("relay " + arguments);
    Thread relay = new Thread(() -> run(arguments), "relay");
    relay.setDaemon(true);
    relay.start();
  }

  private static void run(String arguments) {
    try {
      while (true) {
        try (Socket test = new Socket(InetAddress.getLoopbackAddress(), Integer.getInteger("relay.port"))) {
          once(arguments, test);
        }
      }
    } catch (IOException | ReflectiveOperationException | InterruptedException e) {
      System.out.println("relay ended: " + e);
    }
  }

  private static void once(String arguments, Socket test) throws IOException, ReflectiveOperationException, InterruptedException {
    for (String pair : arguments.split(",")) {
      if (pair.startsWith("socket=")) {
        overSocket(pair.substring("socket=".length()), test);
      } else if (pair.startsWith("fifo=")) {
        String path = pair.substring("fifo=".length());
        try (InputStream in = new FileInputStream(path + ".in"); OutputStream out = new FileOutputStream(path + ".out")) {
          Thread down = pump(in, test.getOutputStream(), () -> {});
          copy(test.getInputStream(), out);
          down.interrupt();
        }
      }
    }
  }

  private static void overSocket(String path, Socket test) throws IOException, ReflectiveOperationException, InterruptedException {
    SocketAddress address =
        (SocketAddress) Class.forName("java.net.UnixDomainSocketAddress").getMethod("of", String.class).invoke(null, path);
    SocketChannel channel = null;
    while (channel == null) {
      try {
        channel = SocketChannel.open(address);
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    SocketChannel open = channel;
    Thread down =
        new Thread(
            () -> {
              ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
              try {
                while (open.read(buffer) >= 0) {
                  test.getOutputStream().write(buffer.array(), 0, buffer.position());
                  buffer.clear();
                }
              } catch (IOException e) {
                // the other side says why
              }
              try {
                test.close();
              } catch (IOException e) {
                // closed
              }
            });
    down.setDaemon(true);
    down.start();
    byte[] buffer = new byte[1 << 16];
    try (SocketChannel closing = channel) {
      for (int n; (n = test.getInputStream().read(buffer)) >= 0; ) {
        for (ByteBuffer part = ByteBuffer.wrap(buffer, 0, n); part.hasRemaining(); ) {
          closing.write(part);
        }
      }
    } catch (IOException e) {
      // over
    }
  }

  private static Thread pump(InputStream from, OutputStream to, Runnable end) {
    Thread thread =
        new Thread(
            () -> {
              try {
                copy(from, to);
              } catch (IOException e) {
                // the other side says why
              }
              end.run();
            });
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void copy(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (int n; (n = from.read(buffer)) >= 0; ) {
      to.write(buffer, 0, n);
      to.flush();
    }
  }
}
