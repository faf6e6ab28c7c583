package dev.streamwal.pack;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.io.LogFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Writes the {@link KeyCatalogLayout catalogue of keys}, and replaces the present one. Memory: its index, and one group. One thread. */
public final class KeyCatalogWriter implements Closeable {

    private static final byte[] NO_KEY = {};

    private final Path path;
    private final LogFile file;
    private final SequentialFile out;
    private final KeyBlockBuilder block = new KeyBlockBuilder(KeyCatalogLayout.MAX_BLOCK_BYTES);
    private final GrowingBytes lists = new GrowingBytes(KeyCatalogLayout.MAX_GROUP_BYTES);
    private final BlockIndex.Builder index = new BlockIndex.Builder();
    private final List<CatalogedPack> packs;
    private final long edits;
    private final int salt;
    private byte[] firstKey = NO_KEY;
    private byte[] lastKey = NO_KEY;
    private long baseBefore;
    private int groups;
    private long keys;

    private KeyCatalogWriter(Path path, LogFile file, List<CatalogedPack> packs, long edits) {
        this.path = path;
        this.file = file;
        this.out = new SequentialFile(file);
        this.packs = packs;
        this.edits = edits;
        this.salt = KeyCatalogLayout.salt(edits, packs);
    }

    /**
     * Begins a catalogue, under a name that nothing reads. A file of that name was left by an interrupted writer, and is deleted.
     *
     * @param packs that are covered, by ascending numbers
     * @param edits number of changes of the manifest that decides which segments count
     */
    public static KeyCatalogWriter create(Path root, List<CatalogedPack> packs, long edits) throws IOException {
        Path temporary = PackFiles.temporaryKeys(root);
        boolean unused = Files.deleteIfExists(temporary);
        LogFile file = new LogFile(temporary, StandardOpenOption.WRITE);
        file.create();
        return new KeyCatalogWriter(PackFiles.keys(root), file, packs, edits);
    }

    /**
     * Adds a key, which has to be behind all keys added before.
     *
     * @param segments of the key in the covered packs, in order of position: at least one
     * @return false if there are too many segments: then no catalogue can be written
     */
    public boolean add(byte[] key, List<CatalogedSegment> segments) throws IOException {
        if (segments.size() > KeyCatalogLayout.MAX_SEGMENTS) {
            return false;
        }
        if (block.entries() > 0 && (block.bytes() + key.length + KeyCatalogLayout.MAX_FACTS_BYTES > KeyCatalogLayout.MAX_BLOCK_BYTES
                || lists.length() > KeyCatalogLayout.MAX_LISTS_BYTES)) {
            endGroup();
        }
        if (block.entries() == 0) {
            firstKey = key;
            baseBefore = 0;
        }
        int listBytes = putList(segments);
        CatalogedSegment newest = segments.get(segments.size() - 1);
        GrowingBytes facts = block.add(key);
        facts.putVarint(newest.pack());
        facts.putSigned(newest.basePosition() - baseBefore);
        facts.putVarint(listBytes);
        baseBefore = newest.basePosition();
        lastKey = key;
        keys++;
        return true;
    }

    private int putList(List<CatalogedSegment> segments) {
        int from = lists.length();
        long end = 0;
        for (CatalogedSegment segment : segments) {
            boolean isInWindow = segment.spread() == TimeSpread.IN_WINDOW;
            lists.putVarint(((long) segment.pack() << 1) | (isInWindow ? 1 : 0));
            lists.putSigned(segment.basePosition() - end);
            lists.putVarint(segment.bytes() / RecordLayout.ALIGNMENT);
            lists.putVarint(segment.block());
            if (!isInWindow) {
                lists.putVarint(segment.spread());
            }
            end = segment.endPosition();
        }
        return lists.length() - from;
    }

    private void endGroup() throws IOException {
        byte[] keysOfGroup = block.finish();
        int bytes = KeyCatalogLayout.GROUP_PREFIX_BYTES + keysOfGroup.length + (int) RecordLayout.align(lists.length());
        ByteBuffer group = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        group.putInt(KeyCatalogLayout.GROUP_BYTES, bytes);
        group.position(KeyCatalogLayout.GROUP_PREFIX_BYTES).put(keysOfGroup).put(lists.bytes(), 0, lists.length());
        group.putInt(KeyCatalogLayout.GROUP_CHECKSUM, Checksums.of(group, KeyCatalogLayout.GROUP_BYTES, bytes) ^ salt);
        lists.clear();
        index.add(firstKey, lastKey, bytes);
        groups++;
        out.add(group.clear());
    }

    /**
     * Ends the catalogue, and replaces the one before. The file is forced, so that the name never leads to an incomplete file. The name isn't forced: the
     * catalogue is a cache, and may be lost in a crash.
     */
    public void finish() throws IOException {
        if (block.entries() > 0) {
            endGroup();
        }
        byte[] indexBytes = groups == 0 ? NO_KEY : index.finish();
        out.add(KeyCatalogLayout.encode(indexBytes, out.length(), groups, keys, edits, packs));
        out.flush();
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
    }

    /** Deletes the file unless it was finished. */
    @Override
    public void close() throws IOException {
        file.close();
        if (!file.path().equals(path)) {
            boolean unused = Files.deleteIfExists(file.path());
        }
    }
}
