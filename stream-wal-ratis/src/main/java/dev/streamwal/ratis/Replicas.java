package dev.streamwal.ratis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The replicas of a log: a name for each, and the address it listens on. All servers and clients of a log are given the same. Immutable.
 *
 * @since 1.0
 */
public final class Replicas {

    /** The most replicas that a log may have. */
    public static final int MAX_REPLICAS = 9;

    private static final Pattern REPLICA = Pattern.compile("([A-Za-z0-9_-]{1,64})=([^\\s,]+):([0-9]{1,5})");
    private static final int MAX_PORT = 65_535;

    private final Map<String, String> addresses;

    private Replicas(Map<String, String> addresses) {
        this.addresses = Collections.unmodifiableMap(addresses);
    }

    /**
     * The replicas, from text.
     *
     * @param replicas each {@code name=host:port}; a name has 1 to 64 ASCII letters, digits, {@code -} or {@code _}. 1 to {@value #MAX_REPLICAS} of them, an
     *     odd number by choice: four survive the loss of no more than three do
     * @return them, in this order
     * @throws IllegalArgumentException if one is no such text, a name or an address comes twice, or there are too many or none
     */
    public static Replicas of(String... replicas) {
        Map<String, String> addresses = new LinkedHashMap<>();
        for (String each : replicas) {
            Matcher parts = REPLICA.matcher(each);
            if (!parts.matches() || Integer.parseInt(parts.group(3)) < 1 || Integer.parseInt(parts.group(3)) > MAX_PORT) {
                throw new IllegalArgumentException("replica can't be read: replica=" + each
                        + "; write it as name=host:port, each replica by itself, with a port of 1 to 65535");
            }
            String address = parts.group(2) + ':' + parts.group(3);
            if (addresses.containsValue(address) || addresses.put(parts.group(1), address) != null) {
                throw new IllegalArgumentException("name or address of a replica is given twice: replica=" + each
                        + "; give each replica a name and an address of its own");
            }
        }
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no replica is named; name at least one");
        }
        if (addresses.size() > MAX_REPLICAS) {
            throw new IllegalArgumentException("too many replicas: replicas=" + addresses.size() + ", max=" + MAX_REPLICAS + "; name fewer");
        }
        return new Replicas(addresses);
    }

    /** {@return the addresses, each {@code host:port}, by name} */
    public Map<String, String> addresses() {
        return addresses;
    }

    /** {@return the names, in the order given} */
    public List<String> names() {
        return new ArrayList<>(addresses.keySet());
    }

    /** {@code n1=host:port,n2=host:port}. */
    @Override
    public String toString() {
        return addresses.entrySet().stream().map(each -> each.getKey() + '=' + each.getValue()).collect(Collectors.joining(","));
    }
}
