package dev.streamwal.nanowal;

import dev.streamwal.format.NanoWalPosition;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The files of one prefix as they were listed, in order of position. Immutable. */
public final class NanoWalChain {

    static final NanoWalChain EMPTY = new NanoWalChain(List.of(), 0);

    private final NanoWalFile[] files;
    private final int[] ordinals;
    private final int nextOrdinal;

    NanoWalChain(List<NanoWalFile> sorted, int nextOrdinal) {
        this.files = sorted.toArray(NanoWalFile[]::new);
        this.ordinals = sorted.stream().mapToInt(NanoWalFile::ordinal).toArray();
        this.nextOrdinal = nextOrdinal;
    }

    public int size() {
        return files.length;
    }

    /** A file by its place in the order of positions, from 0. */
    public NanoWalFile get(int index) {
        return files[index];
    }

    /** The ordinal that the next new file gets: no file has had it, or a greater one. */
    public int nextOrdinal() {
        return nextOrdinal;
    }

    /** The file that the position is in. */
    public Optional<NanoWalFile> at(long position) {
        int index = Arrays.binarySearch(ordinals, NanoWalPosition.ordinal(position));
        return index < 0 ? Optional.empty() : Optional.of(files[index]);
    }

    /** Whether no file comes after it, so that it may still be written to. */
    public boolean isNewest(NanoWalFile file) {
        return after(file.ordinal()) == null;
    }

    /** The first file with a greater ordinal; null if there is none. */
    @Nullable NanoWalFile after(int ordinal) {
        int index = Arrays.binarySearch(ordinals, ordinal + 1);
        int from = index < 0 ? -index - 1 : index;
        return from < files.length ? files[from] : null;
    }

    /** The last file with a lower ordinal; null if there is none. */
    @Nullable NanoWalFile before(int ordinal) {
        int index = Arrays.binarySearch(ordinals, ordinal);
        int below = (index < 0 ? -index - 1 : index) - 1;
        return below < 0 ? null : files[below];
    }

    List<NanoWalFile> files() {
        return List.of(files);
    }
}
