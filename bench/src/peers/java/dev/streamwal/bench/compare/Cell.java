package dev.streamwal.bench.compare;

import java.nio.file.Path;

/** A piece of work, which is the same for every contender. */
interface Cell {

    /** In results; no two have the same. */
    String name();

    /**
     * Runs it in this process.
     *
     * @param folder of the contender's files
     * @throws Cannot if the contender can't do it
     */
    void run(Contender contender, Path folder, Length length, Answers answers) throws Exception;
}
