import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * A service for customers that downloads what they name and hands it on, wherever that is, which is
 * the hole: a server-side request forgery. It starts no process.
 *
 * <p>ApiService ADDRESS PORT
 */
public final class ApiService {
  private static final int LARGEST = 1 << 20;

  private ApiService() {}

  public static void main(String[] args) throws IOException {
    var address = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    var server = HttpServer.create(address, 64);
    server.createContext("/download", ApiService::download);
    server.createContext("/health", exchange -> reply(exchange, 200, "ok\n".getBytes(StandardCharsets.UTF_8)));
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    System.out.println("listening");
  }

  private static void download(HttpExchange exchange) throws IOException {
    var query = exchange.getRequestURI().getRawQuery();
    if (query == null || !query.startsWith("url=")) {
      reply(exchange, 400, "want ?url=ADDRESS\n".getBytes(StandardCharsets.UTF_8));
      return;
    }
    var from = URI.create(URLDecoder.decode(query.substring("url=".length()), StandardCharsets.UTF_8));
    var connection = from.toURL().openConnection();
    connection.setConnectTimeout(5000);
    connection.setReadTimeout(60000);
    byte[] body;
    try (var in = connection.getInputStream()) {
      body = in.readNBytes(LARGEST);
    } catch (IOException refused) {
      body = (refused.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
    }
    reply(exchange, 200, body);
  }

  private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
