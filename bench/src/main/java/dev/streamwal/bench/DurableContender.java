package dev.streamwal.bench;

/**
 * Who takes part.
 *
 * @param name in the results, and of its folder
 * @param alone takes part with one thread only: it is what the others are held against
 */
record DurableContender(String name, boolean alone, DurableLog.Opener opener) {

    static final String BARE = "bare write + force";
    static final String STREAM_WAL = "stream-wal";

    boolean takes(DurableLoad load) {
        return !alone || load.equals(DurableLoad.ONE_THREAD);
    }

    String folderName() {
        return name.replaceAll("[^A-Za-z0-9]+", "-");
    }
}
