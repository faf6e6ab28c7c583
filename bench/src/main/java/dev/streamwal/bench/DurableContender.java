package dev.streamwal.bench;

/**
 * A participant.
 *
 * @param name in the results, and of its folder
 * @param alone whether it runs with one thread only: the others are compared with it
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
