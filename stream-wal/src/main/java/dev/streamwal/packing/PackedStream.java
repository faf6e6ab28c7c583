package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SharedFile;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** What a stream has in packs, as its writer changes it. With a lock of {@link PackStore}. */
public final class PackedStream {

    private static final int CHUNK_BYTES = 64 << 10;

    private final PackStore store;
    private final StreamLog stream;

    public PackedStream(PackStore store, StreamLog stream) {
        this.store = store;
        this.stream = stream;
    }

    private StreamKey key() {
        return stream.key();
    }

    /**
     * Nothing of the stream counts any more in packs; durably.
     *
     * @param each is told of every segment that is gone
     * @return whether there was anything
     */
    public boolean delete(BiConsumer<ListedPack, PackEntry> each) throws IOException {
        return deleteWhere(Long.MAX_VALUE, each);
    }

    /**
     * The oldest segments whose windows end at or before a time don't count any more; durably.
     *
     * @param each is told of every segment that is gone
     * @return whether there was anything
     */
    public boolean purge(long beforeMillis, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        return deleteWhere(beforeMillis, each);
    }

    private boolean deleteWhere(long windowEndMillis, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        if (store.isEmpty()) {
            return false;
        }
        List<PackStore.Place> places = store.find(key());
        int count = 0;
        while (count < places.size() && places.get(count).pack().window().endMillis() <= windowEndMillis) {
            count++;
        }
        if (count == 0) {
            return false;
        }
        // a file that was packed may come back from a power loss, until its directory is forced
        stream.forceNames();
        store.forget(key(), 0, places.get(count - 1).entry().basePosition() + 1);
        places.subList(0, count).forEach(place -> each.accept(place.pack(), place.entry()));
        return true;
    }

    /**
     * Gives the segment with a position its file back, if it has none, so that it can be cut; what follows it in packs doesn't count any more,
     * durably. With the lock of who packs. The file comes first: at every moment the segment is in one of the two places, or in both.
     *
     * @param salts different for every file
     * @return whether the position was in a pack
     */
    public boolean restore(long position, SegmentStorage storage, LongSupplier salts) throws IOException {
        if (store.isEmpty() || position >= stream.firstPosition()) {
            return false;
        }
        List<PackStore.Place> places = store.find(key()).stream().filter(place -> place.entry().basePosition() <= position).toList();
        if (places.isEmpty() || places.get(places.size() - 1).entry().endPosition() <= position) {
            return false;
        }
        PackStore.Place place = places.get(places.size() - 1);
        SegmentHeader header = store.reader(place.pack()).segmentHeader(place.entry());
        long bytes = write(place, header, storage, salts.getAsLong());
        store.forget(key(), place.entry().basePosition(), Long.MAX_VALUE);
        stream.restored(header.name(), bytes);
        return true;
    }

    private long write(PackStore.Place place, SegmentHeader header, SegmentStorage storage, long salt) throws IOException {
        PackReader pack = store.reader(place.pack());
        Footer footer = pack.segmentFooter(place.entry());
        Path directory = stream.directory();
        storage.createDirectory(directory);
        Path temporary = directory.resolve('.' + HexFormat.of().toHexDigits(salt) + ".seg.tmp");
        Path name = directory.resolve(header.name().fileName());
        long bytes;
        try (SharedFile source = store.channels().acquire(pack.file()); SegmentFile file = storage.create(temporary)) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
            new PackedBytes(source, header, place.entry()).copy(0, footer.dataEnd(), chunk, file::write);
            // as sealing does: a footer that can be read proves that all before it is durable
            file.force();
            file.write(footer.dataEnd(), FooterLayout.encode(header, footer.dataEnd(), footer.lastRecordSize(), footer.index()));
            file.force();
            bytes = file.size();
        }
        storage.name(temporary, name);
        stream.forceNames();
        return bytes;
    }
}
