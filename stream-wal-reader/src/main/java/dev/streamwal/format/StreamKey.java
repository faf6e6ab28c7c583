package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stream's key: 1 to 1,024 bytes of UTF-8, and the name of the directory that holds its segments. Immutable.
 *
 * <p>The directory's name keeps {@code a-z 0-9 - _ .} and percent-encodes every other byte in lower-case hex, as well
 * as a leading or trailing dot and the first byte of a Windows device name. So keys that differ by case, and names that
 * file systems treat specially, stay apart on all of them. Past {@value #MAX_PLAIN_BYTES} bytes the name is the first
 * {@value #PREFIX_BYTES} encoded bytes, {@code ~}, and 16 bytes of the key's SHA-256 in hex; then only the segment
 * header has the whole key.
 */
public final class StreamKey {

    public static final int MAX_BYTES = 1_024;

    /** What is wrong with a key without characters. */
    public static final String EMPTY = "key is empty; give 1 to 1,024 bytes of UTF-8";

    /** Leaves room below the 255 bytes that file systems allow a name. */
    private static final int MAX_PLAIN_BYTES = 200;

    private static final int PREFIX_BYTES = 160;
    private static final int DIGEST_BYTES = 16;
    private static final char DIGEST_MARK = '~';
    private static final HexFormat HEX = HexFormat.of();
    /** Characters that a message shows of a text that is no key. */
    private static final int MAX_SHOWN = 64;
    private static final Set<String> DEVICES = Set.of(
            "con", "prn", "aux", "nul",
            "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
            "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

    // initialized after the constants that it needs
    /** The log's own stream, in whose segments the records of many streams stand. No other stream has this key. */
    public static final StreamKey SHARED = of("\u0000shared");

    private static final long SALT_SEED = 0x5348_4152_4544_4B59L;
    private static final long SALT_FACTOR = 0x9E37_79B9_7F4A_7C15L;

    /** Null if the text is known and ASCII, to save memory: its characters are the bytes then, and there are as many keys as streams. */
    private final byte @Nullable [] utf8;
    /** Made at the first request; threads that make it at the same time make equal ones. */
    private @Nullable String text;
    /** Computed at the first request, like a string's; it takes only room that alignment would take anyway. */
    private int hash;

    private StreamKey(@Nullable String text, byte @Nullable [] utf8) {
        this.text = text;
        this.utf8 = utf8;
    }

    /**
     * @throws IllegalArgumentException if the text is empty, longer than 1,024 bytes of UTF-8, or not valid Unicode
     */
    public static StreamKey of(String text) {
        return new StreamKey(text, isShortAscii(Objects.requireNonNull(text, "key")) ? null : checkedUtf8(text));
    }

    private static boolean isShortAscii(String text) {
        if (text.isEmpty() || text.length() > MAX_BYTES) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > Byte.MAX_VALUE) {
                return false;
            }
        }
        return true;
    }

    /**
     * The salt in the checksums of the stream's records in files of several streams. No stream's record verifies as another stream's, and a record keeps its
     * checksum when it moves from one such file to another.
     */
    public long salt() {
        long mixed = SALT_SEED;
        for (byte each : utf8()) {
            mixed = (mixed ^ each) * SALT_FACTOR;
            mixed ^= mixed >>> 32;
        }
        return mixed;
    }

    /** Refuses the log's own key by an {@link IllegalArgumentException}. */
    public static void checkNotShared(String text) {
        if (Objects.requireNonNull(text, "key").equals(SHARED.text())) {
            throw new IllegalArgumentException("key is reserved for the log: key=" + MessageText.of(text) + "; choose another one");
        }
    }

    /** An {@link IllegalArgumentException} says why the text can't be a key of a program's stream. */
    public static void check(String text) {
        checkNotShared(text);
        if (!isShortAscii(text)) {
            byte[] unused = checkedUtf8(text);
        }
    }

    /** The key's bytes; throws as {@link #check} does. */
    public static byte[] checkedUtf8(String text) {
        checkNotShared(text);
        if (text.isEmpty()) {
            throw new IllegalArgumentException(EMPTY);
        }
        // a character takes one byte or more; checked first so that nothing large is encoded
        if (text.length() > MAX_BYTES) {
            throw new IllegalArgumentException("key is too long: characters=" + text.length() + ", maxBytes=" + MAX_BYTES + "; shorten it");
        }
        byte[] utf8;
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .encode(CharBuffer.wrap(text));
            utf8 = new byte[bytes.remaining()];
            bytes.get(utf8);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("key has a lone surrogate: key="
                    + MessageText.of(text.substring(0, Math.min(text.length(), MAX_SHOWN))) + "; give valid Unicode", e);
        }
        if (utf8.length > MAX_BYTES) {
            throw new IllegalArgumentException("key is too long: bytes=" + utf8.length + ", max=" + MAX_BYTES + "; shorten it");
        }
        return utf8;
    }

    /**
     * The key with these bytes.
     *
     * @param utf8 isn't copied, and never changes again
     * @throws FormatException if the bytes are no key
     */
    public static StreamKey ofUtf8(byte[] utf8) throws FormatException {
        return new StreamKey(checkedText(utf8, 0, utf8.length), utf8);
    }

    /** As {@link #ofUtf8}, of bytes that {@link #isKey} has checked, and that never change again. */
    public static StreamKey ofCheckedUtf8(byte[] utf8) {
        return new StreamKey(null, utf8);
    }

    /** Whether the bytes are a key. Allocates nothing if they are ASCII. */
    public static boolean isKey(byte[] bytes, int from, int length) {
        try {
            String unused = checkedText(bytes, from, length);
            return true;
        } catch (FormatException e) {
            return false;
        }
    }

    /** The text; null if the bytes are ASCII. */
    private static @Nullable String checkedText(byte[] bytes, int from, int length) throws FormatException {
        if (length == 0 || length > MAX_BYTES) {
            throw FormatException.corrupt("length of a stream key is outside 1 to " + MAX_BYTES + " bytes of UTF-8: bytes=" + length);
        }
        try {
            return isAscii(bytes, from, length) ? null : decode(ByteBuffer.wrap(bytes, from, length));
        } catch (CharacterCodingException unused) {
            throw FormatException.corrupt("stream key is not valid UTF-8: bytes=" + HEX.formatHex(bytes, from, from + Math.min(length, 64)));
        }
    }

    private static boolean isAscii(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private static String decode(ByteBuffer utf8) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(utf8).toString();
    }

    /**
     * The key that a directory's name encodes. Empty if the name has a digest (read the key from a segment's header, and compare its {@link #directoryName()}),
     * and if this class doesn't give such a name; {@link #isDigestName} tells the two apart.
     */
    public static Optional<StreamKey> fromDirectoryName(String name) {
        if (name.isEmpty() || name.length() > MAX_PLAIN_BYTES || name.indexOf(DIGEST_MARK) >= 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[name.length()];
        int length = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (isPlain(c)) {
                bytes[length++] = (byte) c;
            } else if (c == '%' && i + 2 < name.length() && HexFormat.isHexDigit(name.charAt(i + 1))
                    && HexFormat.isHexDigit(name.charAt(i + 2))) {
                bytes[length++] = (byte) HexFormat.fromHexDigits(name, i + 1, i + 3);
                i += 2;
            } else {
                return Optional.empty();
            }
        }
        try {
            StreamKey key = ofUtf8(Arrays.copyOf(bytes, length));
            return key.directoryName().equals(name) ? Optional.of(key) : Optional.empty();
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    /** Whether a directory of this name can hold a stream whose key is too long for a name. */
    public static boolean isDigestName(String name) {
        return name.length() == PREFIX_BYTES + 1 + 2 * DIGEST_BYTES && name.charAt(PREFIX_BYTES) == DIGEST_MARK;
    }

    /** Name of the stream's directory; computed at every call, because most streams have no directory. */
    public String directoryName() {
        byte[] utf8 = utf8();
        StringBuilder name = new StringBuilder(utf8.length + 16);
        boolean device = isDevice(utf8);
        for (int i = 0; i < utf8.length; i++) {
            char c = (char) (utf8[i] & 0xFF);
            boolean edgeDot = c == '.' && (i == 0 || i == utf8.length - 1);
            if (isPlain(c) && !edgeDot && !(device && i == 0)) {
                name.append(c);
            } else {
                name.append('%').append(HEX.toHexDigits((byte) c));
            }
        }
        if (name.length() <= MAX_PLAIN_BYTES) {
            return name.toString();
        }
        name.setLength(PREFIX_BYTES);
        return name.append(DIGEST_MARK).append(HEX.formatHex(sha256(utf8), 0, DIGEST_BYTES)).toString();
    }

    /** Windows treats these as devices with any extension behind them. */
    private static boolean isDevice(byte[] utf8) {
        int end = 0;
        while (end < utf8.length && utf8[end] != '.') {
            end++;
        }
        return end <= 4 && DEVICES.contains(new String(utf8, 0, end, StandardCharsets.ISO_8859_1));
    }

    private static boolean isPlain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("SHA-256 is missing, which every Java platform has", e);
        }
    }

    /**
     * The order of keys, by code points, which is the order of their UTF-8 bytes. The order of UTF-16 units differs:
     * surrogates have to go behind all others.
     */
    public static int compare(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean xPair = Character.isSurrogate(x);
                return xPair == Character.isSurrogate(y) ? Character.compare(x, y) : xPair ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    public String text() {
        String made = text;
        if (made == null) {
            made = new String(utf8(), StandardCharsets.UTF_8);
            text = made;
        }
        return made;
    }

    /** The bytes, which must not be changed: they may be the key's own. */
    @SuppressWarnings("NullAway") // one of both is known
    public byte[] utf8() {
        return utf8 == null ? text.getBytes(StandardCharsets.ISO_8859_1) : utf8;
    }

    /** The order of the keys' bytes, as {@link #compare}. */
    public static int compare(StreamKey a, StreamKey b) {
        return Arrays.compareUnsigned(a.utf8(), b.utf8());
    }

    /** Copies the bytes to an array, from an index on; returns the index behind them. */
    @SuppressForbidden("copies ASCII characters as bytes, and makes no array for them")
    @SuppressWarnings({"deprecation", "NullAway"}) // as above; one of both is known
    public int copyUtf8(byte[] target, int at) {
        int length = utf8Length();
        if (utf8 == null) {
            text.getBytes(0, length, target, at);
        } else {
            System.arraycopy(utf8, 0, target, at, length);
        }
        return at + length;
    }

    @SuppressWarnings("NullAway") // one of both is known
    public int utf8Length() {
        return utf8 == null ? text.length() : utf8.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StreamKey key
                && ((utf8 == null && key.utf8 == null) ? text().equals(key.text()) : Arrays.equals(key.utf8(), utf8()));
    }

    @Override
    public int hashCode() {
        int known = hash;
        if (known == 0) {
            known = Arrays.hashCode(utf8());
            hash = known;
        }
        return known;
    }

    @Override
    public String toString() {
        return text();
    }
}
