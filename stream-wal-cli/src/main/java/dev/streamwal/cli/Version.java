package dev.streamwal.cli;

import picocli.CommandLine.IVersionProvider;

/** The version of the executable jar. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        return new String[] {"stream-wal " + (version == null ? "(run from class files, which have no version)" : version)};
    }
}
