import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** A web service whose download takes any path: the hole that a probe finds. Prints its port. */
public final class Shop {
  private Shop() {}

  public static void main(String[] args) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext("/download", Shop::download);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    System.out.println("up " + server.getAddress().getPort());
    while (System.in.read() >= 0) {
      // on
    }
    server.stop(0);
    System.exit(0);
  }

  private static void download(HttpExchange exchange) throws IOException {
    byte[] content = new byte[64];
    int status = 200;
    int length = 0;
    try {
      length = read(exchange.getRequestURI().getQuery(), content);
    } catch (IOException e) {
      status = 404;
    }
    exchange.sendResponseHeaders(status, length <= 0 ? -1 : length);
    try (OutputStream out = exchange.getResponseBody()) {
      if (length > 0) {
        out.write(content, 0, length);
      }
    }
  }

  private static int read(String path, byte[] content) throws IOException {
    try (InputStream in = new FileInputStream(path)) {
      return in.read(content);
    }
  }
}
