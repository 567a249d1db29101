package redact

// programPatterns are secrets that only the program's own conventions tell.
// A program without options is listed so that what follows it is not taken for
// an option of the one before (sshpass -p … ssh -p 22).
var programPatterns = []Pattern{
	{ID: "mysql", Programs: []string{"mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mysqlshow", "mysqlbinlog", "mysqlslap", "mysqlsh", "mysqlpump", "mariadb", "mariadb-dump", "mariadb-admin", "mycli", "xtrabackup", "mariabackup"}, Attached: []string{"-p"}},
	{ID: "mysqladmin", Programs: []string{"mysqladmin", "mariadb-admin"}, After: "password", Last: true},
	{ID: "curl", Programs: []string{"curl"}, Options: []string{"-u", "--user", "-U", "--proxy-user"}, Attached: []string{"-u", "-U"}, Split: ":"},
	{ID: "httpie", Programs: []string{"http", "https", "xh"}, Options: []string{"-a", "--auth"}, Split: ":"},
	{ID: "ab", Programs: []string{"ab"}, Options: []string{"-A", "-P"}, Split: ":"},
	{ID: "sshpass", Programs: []string{"sshpass"}, Options: []string{"-p"}, Attached: []string{"-p"}, once: true},
	{ID: "registry-login", Programs: []string{"docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "crane", "az", "oc", "cf", "ibmcloud", "argocd"}, After: "login", Options: []string{"-p"}},
	{ID: "redis-cli", Programs: []string{"redis-cli", "valkey-cli", "keydb-cli"}, Options: []string{"-a"}},
	{ID: "redis-auth", Programs: []string{"redis-cli", "valkey-cli", "keydb-cli"}, After: "AUTH", Last: true},
	{ID: "openssl", Programs: []string{"openssl"}, Options: []string{"-k", "-K"}},
	{ID: "ldap", Programs: []string{"ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldapcompare", "ldapmodrdn", "ldappasswd"}, Options: []string{"-w"}, Attached: []string{"-w"}},
	{ID: "ldappasswd", Programs: []string{"ldappasswd"}, Options: []string{"-s", "-a"}},
	{ID: "smb", Programs: []string{"smbclient", "rpcclient", "smbget", "smbmap", "nmblookup"}, Options: []string{"-U", "--user"}, Split: "%"},
	{ID: "mongo", Programs: []string{"mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat"}, Options: []string{"-p"}, Attached: []string{"-p"}},
	{ID: "sqlcmd", Programs: []string{"sqlcmd", "bcp", "osql", "isql", "tsql"}, Options: []string{"-P"}, Attached: []string{"-P"}},
	{ID: "oracle", Programs: []string{"sqlplus", "expdp", "impdp", "rman", "sqlldr"}, Last: true, Split: "/"},
	{ID: "cqlsh", Programs: []string{"cqlsh", "nodetool", "clickhouse-client", "ncftpget", "ncftpput", "rdesktop", "hydra", "crackmapexec", "netexec", "nxc", "evil-winrm"}, Options: []string{"-p"}},
	{ID: "archive", Programs: []string{"7z", "7za", "7zr", "rar", "unrar"}, Attached: []string{"-p", "-hp"}},
	{ID: "zip", Programs: []string{"zip", "unzip", "zipcloak"}, Options: []string{"-P"}},
	{ID: "htpasswd", Programs: []string{"htpasswd"}, After: "-b", Last: true},
	{ID: "useradd", Programs: []string{"useradd", "usermod", "groupadd", "groupmod"}, Options: []string{"-p"}},
	{ID: "snmp", Programs: []string{"snmpget", "snmpwalk", "snmpset", "snmpbulkwalk", "snmptrap"}, Options: []string{"-c", "-A", "-X"}},
	{ID: "ipmitool", Programs: []string{"ipmitool", "mosquitto_pub", "mosquitto_sub", "ipmi-power"}, Options: []string{"-P"}}, //nolint:misspell // their name
	{ID: "freerdp", Programs: []string{"xfreerdp", "wlfreerdp", "sfreerdp"}, Attached: []string{"/p:"}},
	{ID: "lftp", Programs: []string{"lftp"}, Options: []string{"-u"}, Split: ","},
	{ID: "rabbitmq-user", Programs: []string{"rabbitmqctl"}, After: "add_user", Last: true},
	{ID: "rabbitmq-password", Programs: []string{"rabbitmqctl"}, After: "change_password", Last: true},
	{ID: "vault-login", Programs: []string{"vault", "bao"}, After: "login", Last: true},
	{ID: "rclone", Programs: []string{"rclone"}, After: "obscure", Last: true},
	{ID: "minio", Programs: []string{"mc"}, After: "set", Last: true},
	{ID: "kadmin", Programs: []string{"kadmin", "kadmin.local"}, Options: []string{"-w", "-pw"}},
	{ID: "java-keys", Programs: []string{"keytool", "jarsigner", "apksigner"}, Options: []string{"-storepass", "-keypass", "-srcstorepass", "-deststorepass", "-destkeypass", "-srckeypass"}},
	{ID: "kubectl-literal", Programs: []string{"kubectl", "oc"}, Options: []string{"--from-literal"}, Split: "="},
	{ID: "impacket", Programs: []string{"psexec.py", "wmiexec.py", "smbexec.py", "atexec.py", "secretsdump.py", "smbclient.py", "dcomexec.py", "mssqlclient.py"}, Last: true, Split: ":"},
	{ID: "wpa", Programs: []string{"wpa_passphrase"}, Last: true},
	{ID: "nmcli", Programs: []string{"nmcli"}, Options: []string{"password"}},
	{ID: "other-program", Programs: []string{"ssh", "scp", "sftp", "rsync", "tar", "mkdir", "cp", "ps", "chmod", "chown", "nc", "ss", "netstat", "iptables", "psql", "systemctl"}},
}

// setters are programs whose bare word with a secret's name is followed by it.
var setters = map[string]bool{"set": true, "config": true, "configure": true, "set-value": true}
