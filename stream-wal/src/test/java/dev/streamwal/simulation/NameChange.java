package dev.streamwal.simulation;

import java.util.List;
import java.util.Map;

/**
 * What one call did to names: all of it survives a crash or none.
 *
 * @param operation its number
 * @param settings in order
 */
record NameChange(int operation, String what, List<Setting> settings) {

    /** A name that stands for something else from now on; for nothing, where the node is null. */
    record Setting(DiskNode.Directory directory, String name, DiskNode node) {

        void apply(Map<String, DiskNode> entries) {
            if (node == null) {
                entries.remove(name);
            } else {
                entries.put(name, node);
            }
        }
    }

    boolean concerns(DiskNode.Directory directory) {
        for (Setting setting : settings) {
            if (setting.directory == directory) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "name, operation " + operation + ": " + what;
    }
}
