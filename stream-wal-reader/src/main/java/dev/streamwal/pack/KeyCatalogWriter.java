package dev.streamwal.pack;

import dev.streamwal.io.LogFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Writes the {@link KeyCatalogLayout catalogue of keys} in place of the one that is there. Memory: its index. One thread. */
public final class KeyCatalogWriter implements Closeable {

    private static final byte[] NO_KEY = {};

    private final Path path;
    private final LogFile file;
    private final SequentialFile out;
    private final KeyBlockBuilder block = new KeyBlockBuilder(KeyCatalogLayout.MAX_BLOCK_BYTES);
    private final BlockIndex.Builder index = new BlockIndex.Builder();
    private byte[] firstKey = NO_KEY;
    private byte[] lastKey = NO_KEY;
    private long baseBefore;
    private int blocks;
    private long keys;

    private KeyCatalogWriter(Path path, LogFile file) {
        this.path = path;
        this.file = file;
        this.out = new SequentialFile(file);
    }

    /** Begins one, under a name that nothing reads; a file of that name was left by somebody who was cut short. */
    public static KeyCatalogWriter create(Path root) throws IOException {
        Path temporary = PackFiles.temporaryKeys(root);
        boolean unused = Files.deleteIfExists(temporary);
        LogFile file = new LogFile(temporary, StandardOpenOption.WRITE);
        file.create();
        return new KeyCatalogWriter(PackFiles.keys(root), file);
    }

    /**
     * Adds a key, which is behind all others.
     *
     * @param pack which of those that are covered has its newest segment
     * @param basePosition of that
     */
    public void add(byte[] key, int pack, long basePosition) throws IOException {
        if (block.entries() > 0 && block.bytes() + key.length + KeyCatalogLayout.MAX_FACTS_BYTES > KeyCatalogLayout.MAX_BLOCK_BYTES) {
            endBlock();
        }
        if (block.entries() == 0) {
            firstKey = key;
            baseBefore = 0;
        }
        GrowingBytes out = block.add(key);
        out.putVarint(pack);
        out.putSigned(basePosition - baseBefore);
        baseBefore = basePosition;
        lastKey = key;
        keys++;
    }

    private void endBlock() throws IOException {
        byte[] bytes = block.finish();
        index.add(firstKey, lastKey, bytes.length);
        blocks++;
        out.add(ByteBuffer.wrap(bytes));
    }

    /**
     * Ends it, and has it take the place of the one before. It is forced, so that the name leads to nothing that isn't whole; whether the name
     * survives a crash nobody needs to know.
     *
     * @param packs that are covered, by ascending numbers
     * @param edits changes of the manifest by which what counts was told from what doesn't
     */
    public void finish(List<CoveredPack> packs, long edits) throws IOException {
        if (block.entries() > 0) {
            endBlock();
        }
        byte[] indexBytes = blocks == 0 ? NO_KEY : index.finish();
        out.add(KeyCatalogLayout.encode(indexBytes, out.length(), blocks, keys, edits, packs));
        out.flush();
        file.force();
        file.close();
        LogFile.rename(file.path(), path);
        file.renamed(path);
    }

    /** Deletes what isn't finished. */
    @Override
    public void close() throws IOException {
        file.close();
        if (!file.path().equals(path)) {
            boolean unused = Files.deleteIfExists(file.path());
        }
    }
}
