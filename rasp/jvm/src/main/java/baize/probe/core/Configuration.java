package baize.probe.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** probe.proto's Configure; immutable. */
final class Configuration {
    private static final int LONGEST_HASH = 128;

    final String hash;
    final Set<String> hooksOff;
    final Budgets budgets;
    final Business business;

    private Configuration(String hash, Set<String> hooksOff, Budgets budgets, Business business) {
        this.hash = hash;
        this.hooksOff = hooksOff;
        this.budgets = budgets;
        this.business = business;
    }

    /** Reads and checks one; what is wrong is said by the exception. */
    static Configuration read(Reader message, Catalog catalog) throws Reader.Malformed {
        String hash = "";
        Set<String> off = new HashSet<>();
        Budgets budgets = Budgets.DEFAULT;
        List<String> ours = new ArrayList<>();
        List<String> notOurs = new ArrayList<>();
        for (int field = message.next(); field != 0; field = message.next()) {
            switch (field) {
                case 1:
                    hash = message.text();
                    break;
                case 2:
                    off.add(message.text());
                    break;
                case 3:
                    budgets = Budgets.read(message.message());
                    break;
                case 4:
                    ours.add(message.text());
                    break;
                case 5:
                    notOurs.add(message.text());
                    break;
                default:
                    message.skip();
            }
        }
        if (hash.length() > LONGEST_HASH) {
            throw new Reader.Malformed("the hash is longer than " + LONGEST_HASH);
        }
        for (String name : off) {
            if (!catalog.hooks.containsKey(name)) {
                throw new Reader.Malformed("there is no hook " + name);
            }
        }
        return new Configuration(hash, off, budgets, new Business(ours, notOurs));
    }
}
