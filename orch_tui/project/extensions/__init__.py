"""What packages of others and the project itself add: manifests of components, launchers."""
