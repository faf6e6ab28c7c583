package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The files that a pack replaces, little-endian. Their checksum is in the footer.
 *
 * <pre>
 *   0  4  sources           how many
 *   4  4  zero
 *   8     sources, see below
 * </pre>
 *
 * <p>Each source:
 *
 * <pre>
 *   0  4  kind              1 shared segment, 2 pack, 3 own segment
 *   4  4  zero
 *   8  8  number            never given twice among those of its kind
 *  16  8  length            of the file, bytes
 * </pre>
 */
final class PackSources {

    static final int SOURCES = 0;
    static final int FIXED_BYTES = 8;

    static final int KIND = 0;
    static final int NUMBER = 8;
    static final int LENGTH = 16;
    static final int SOURCE_BYTES = 24;

    /** More than one job merges. */
    static final int MAX_SOURCES = 1 << 16;
    static final int MAX_BYTES = FIXED_BYTES + MAX_SOURCES * SOURCE_BYTES;

    private PackSources() {}

    static ByteBuffer encode(List<PackSource> sources) {
        if (sources.size() > MAX_SOURCES) {
            throw new IllegalArgumentException("a pack replaces at most " + MAX_SOURCES + " files: sources=" + sources.size()
                    + "; write several packs");
        }
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + sources.size() * SOURCE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(SOURCES, sources.size());
        int index = FIXED_BYTES;
        for (PackSource source : sources) {
            out.putInt(index + KIND, source.kind());
            out.putLong(index + NUMBER, source.number());
            out.putLong(index + LENGTH, source.length());
            index += SOURCE_BYTES;
        }
        return out;
    }

    /** @param in little-endian, from index 0 to its limit, which the footer has bounded */
    static List<PackSource> decode(ByteBuffer in) throws FormatException {
        int count = in.getInt(SOURCES);
        check(count >= 0 && FIXED_BYTES + (long) count * SOURCE_BYTES == in.limit(), "a pack's sources fill their place, " + in.limit(), count);
        List<PackSource> sources = new ArrayList<>(count);
        for (int index = FIXED_BYTES; index < in.limit(); index += SOURCE_BYTES) {
            int kind = in.getInt(index + KIND);
            if (kind < PackSource.SHARED_SEGMENT || kind > PackSource.OWN_SEGMENT) {
                throw FormatException.unsupported("the pack has sources of a kind this version doesn't know: kind=" + kind
                        + "; read it with the version that wrote it, or a newer one");
            }
            check(in.getLong(index + NUMBER) >= 0, "a source's number is not negative", in.getLong(index + NUMBER));
            check(in.getLong(index + LENGTH) >= 0, "a source's length is not negative", in.getLong(index + LENGTH));
            sources.add(new PackSource(kind, in.getLong(index + NUMBER), in.getLong(index + LENGTH)));
        }
        return List.copyOf(sources);
    }
}
